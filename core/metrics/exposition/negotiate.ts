// Chooses the format of metrics by what a scraper accepts.

export type ExpositionFormat = "prometheus" | "openmetrics" | "protobuf";

const PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/** Of the response, by format. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  protobuf: PROTOBUF,
};

const MAX_LENGTH = 2_048; // characters of the header that are read

/**
 * The accepted format of the highest weight; of equal ones, the first. Whoever accepts none of them gets Prometheus' text.
 *
 * @param accept value of `Accept`: Prometheus 2.42 with native histograms prefers protobuf, otherwise OpenMetrics
 * @see RFC 9110, section 12.5.1
 */
export function formatFor(accept: string | null): ExpositionFormat {
  let chosen: ExpositionFormat = "prometheus";
  let best = 0;
  for (const range of (accept ?? "").slice(0, MAX_LENGTH).split(",")) {
    const [type = "", ...rest] = range.split(";").map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map((part) => splitAt(part, "=")));
    const format = formatOf(type, parameters);
    const weight = weightOf(parameters.get("q"));
    if (format === undefined || weight <= best) continue;
    chosen = format;
    best = weight;
  }
  return chosen;
}

/** @returns undefined for what is not written here */
function formatOf(type: string, parameters: ReadonlyMap<string, string>): ExpositionFormat | undefined {
  const version = parameters.get("version");
  if (type === "application/openmetrics-text") return version === undefined || version === "1.0.0" ? "openmetrics" : undefined;
  if (type === "text/plain" || type === "text/*") return "prometheus";
  if (type !== "application/vnd.google.protobuf") return undefined;
  const isFamily = parameters.get("proto") === "io.prometheus.client.metricfamily";
  return isFamily && (parameters.get("encoding") ?? "delimited") === "delimited" ? "protobuf" : undefined;
}

function weightOf(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

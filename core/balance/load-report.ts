// Load reports of endpoints (ORCA), read from a header of the response.
import type { LoadReport } from "./load.ts";

const MAX_MS = 3_600_000;
const MAX_TEXT_LENGTH = 4_096; // characters; a longer report is ignored
const SHED_LEVEL = ",named_metrics.shed_level="; // hosts of the framework write it after other metrics, as text

/**
 * @param text `TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5`, or `JSON {"named_metrics":{"predicted_ms":12.5}}`
 * @returns undefined where the report does not predict the time of one more call
 * @see xds.data.orca.v3.OrcaLoadReport; gRFC A51
 */
export function parseLoadReport(text: string): LoadReport | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const metrics = text.startsWith("JSON") ? parseJson(text.slice(4)) : parseText(text);
  const [predictedMs, usualMs, tookMs] = ["predicted_ms", "usual_ms", "took_ms"].map((name) => parseMs(metrics[name]));
  if (predictedMs === undefined) return undefined;
  return { predictedMs, ...(usualMs === undefined ? {} : { usualMs }), ...(tookMs === undefined ? {} : { tookMs }) };
}

/** @returns the level up to which the endpoint wants its callers to shed calls, in [0, 3]; 0 where the report has none */
export function parseShedLevel(text: string): number {
  const start = text.length > MAX_TEXT_LENGTH ? -1 : text.indexOf(SHED_LEVEL);
  if (start === -1) return 0;
  const level = Number.parseFloat(text.slice(start + SHED_LEVEL.length));
  return level >= 0 && level <= 3 ? level : 0;
}

function parseMs(value: unknown): number | undefined {
  const ms = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof ms === "number" && ms >= 0 && ms < MAX_MS ? ms : undefined;
}

function parseText(text: string): Readonly<Record<string, unknown>> {
  const pairs = text.replace(/^TEXT\s/, "").matchAll(/(?:^|,)\s*named_metrics\.([\w]+)\s*=\s*([^,\s]*)/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) as { named_metrics?: Record<string, unknown> } | null)?.named_metrics ?? {};
  } catch {
    return {};
  }
}

// What endpoints report of their load (ORCA): read from the header of an answer.
import type { LoadReport } from "./load.ts";

const MAX_MS = 3_600_000;

/**
 * @param text `TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5`, or `JSON {"named_metrics":{"predicted_ms":12.5}}`
 * @returns undefined where the report does not say what one call more would take there
 * @see xds.data.orca.v3.OrcaLoadReport; gRFC A51
 */
export function parseLoadReport(text: string): LoadReport | undefined {
  if (text.length > 4_096) return undefined;
  const metrics = text.startsWith("JSON") ? inJson(text.slice(4)) : inText(text);
  const [predictedMs, usualMs, tookMs] = ["predicted_ms", "usual_ms", "took_ms"].map((name) => msOf(metrics[name]));
  if (predictedMs === undefined) return undefined;
  return { predictedMs, ...(usualMs === undefined ? {} : { usualMs }), ...(tookMs === undefined ? {} : { tookMs }) };
}

function msOf(found: unknown): number | undefined {
  const ms = typeof found === "string" && found !== "" ? Number(found) : found;
  return typeof ms === "number" && ms >= 0 && ms < MAX_MS ? ms : undefined;
}

function inText(text: string): Readonly<Record<string, unknown>> {
  const pairs = text.replace(/^TEXT\s/, "").matchAll(/(?:^|,)\s*named_metrics\.([\w]+)\s*=\s*([^,\s]*)/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

/** @returns what the endpoint would have its callers shed, in [0, 3]; 0 where the report does not say. Ours alone writes it, as text. */
export function parseShedLevel(text: string): number {
  const at = text.length > 4_096 ? -1 : text.indexOf(SHED_LEVEL);
  if (at === -1) return 0;
  const level = Number.parseFloat(text.slice(at + SHED_LEVEL.length));
  return level >= 0 && level <= 3 ? level : 0;
}

const SHED_LEVEL = ",named_metrics.shed_level=";

function inJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) as { named_metrics?: Record<string, unknown> } | null)?.named_metrics ?? {};
  } catch {
    return {};
  }
}

// What endpoints report of their load (ORCA): read from the header of an answer.

/**
 * @param text `TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5`, or `JSON {"named_metrics":{"predicted_ms":12.5}}`
 * @returns what one call more would take there, ms; undefined where the report does not say
 * @see xds.data.orca.v3.OrcaLoadReport; gRFC A51
 */
export function predictedMsIn(text: string): number | undefined {
  if (text.length > 4_096) return undefined;
  const found = text.startsWith("JSON")
    ? inJson(text.slice(4))
    : /(?:^TEXT |,)\s*named_metrics\.predicted_ms\s*=\s*([\d.]+)/.exec(text)?.[1];
  const ms = Number(found);
  return found !== undefined && Number.isFinite(ms) && ms >= 0 && ms < 3_600_000 ? ms : undefined;
}

/** @returns what the endpoint would have its callers shed, in [0, 3]; 0 where the report does not say. Ours alone writes it, as text. */
export function shedLevelIn(text: string): number {
  const at = text.length > 4_096 ? -1 : text.indexOf(SHED_LEVEL);
  if (at === -1) return 0;
  const level = Number.parseFloat(text.slice(at + SHED_LEVEL.length));
  return level >= 0 && level <= 3 ? level : 0;
}

const SHED_LEVEL = ",named_metrics.shed_level=";

function inJson(text: string): unknown {
  try {
    return (JSON.parse(text) as { named_metrics?: { predicted_ms?: number } } | null)?.named_metrics?.predicted_ms;
  } catch {
    return undefined;
  }
}

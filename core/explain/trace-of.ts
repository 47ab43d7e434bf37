// Makes the record of a traced call of what was recorded, with the settings of each layer and their sources.
import { settingsOfLayer } from "./layer-settings.ts";
import type { EffectiveSetting } from "./setting-value.ts";
import type { TracedStep, TraceRecord } from "./trace-record.ts";
import type { TraceRecorder } from "./trace-recorder.ts";

/** Facts of the call beside its steps. */
export interface TracedCall extends Omit<TraceRecord, "steps" | "isTruncated" | "durationMs"> {
  readonly isStream: boolean; // whether the method has a stream
}

/**
 * @param settings that hold for the route
 * @param now      epoch ms
 */
export function traceOf(
  { isStream, ...call }: TracedCall,
  { steps, isTruncated }: TraceRecorder,
  settings: readonly EffectiveSetting[],
  now: number,
): TraceRecord {
  const sources = new Map(settings.map(({ name, source }) => [name, source]));
  const shownMarks = new Set<string>();
  const traced = steps.map((step): TracedStep => {
    const { layer, isAttempt } = step.mark;
    const key = `${layer} ${isAttempt}`;
    const isFirst = !shownMarks.has(key);
    shownMarks.add(key);
    return {
      layer,
      isAttempt,
      attempt: step.attemptNumber,
      outcome: step.outcome,
      reason: step.reason,
      startMs: step.startedAt - call.at,
      selfMs: step.selfMs(now),
      values: [...step.values].map(([name, value]) => ({ name, value, source: sources.get(name) ?? "" })),
      settings: isFirst ? settingsOfLayer(layer, settings, { isStream, isAttempt }) : [],
    };
  });
  return { ...call, durationMs: now - call.at, isTruncated, steps: traced };
}

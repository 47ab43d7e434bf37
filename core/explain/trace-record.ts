// What a traced call leaves behind: one entry per layer that it has walked, of bounded size. Nothing of bodies, credentials or queries.
import type { EffectiveSetting, ShownValue } from "./setting-value.ts";

/**
 * `passed`: the layer has handed the call on, and returned what came back. `retried`: it has handed it on more than once. `responded`: the
 * response is its own. `refused`: it has refused the call. `failed`: the upstream, or the gateway itself, has failed here.
 */
export type StepOutcome = "passed" | "retried" | "responded" | "refused" | "failed";

/** A value that a layer has judged by. */
export interface TracedValue {
  readonly name: string; // name of a setting, or of a fact of the call: `remaining`
  readonly value: ShownValue;
  readonly source: string; // source of a setting; "" for a fact
}

export interface TracedStep {
  readonly layer: string;
  readonly isAttempt: boolean; // belongs to the attempts at one upstream
  readonly attempt: number; // from 1; 0 above `retry` and `hedge`
  readonly outcome: StepOutcome;
  readonly reason: string; // kind of the refusal or failure; "" for none
  readonly startMs: number; // ms since the request came
  readonly selfMs: number; // without the time of the layers below
  readonly values: readonly TracedValue[];
  readonly settings: readonly EffectiveSetting[]; // all that the layer judges by; only at its first step
}

export interface TraceRecord {
  readonly requestId: string;
  readonly at: number; // epoch ms at which the request came
  readonly route: string; // empty where no route has matched
  readonly httpMethod: string;
  readonly protocol: string;
  readonly status: number; // HTTP status of the response
  readonly durationMs: number; // until the response began
  readonly isTruncated: boolean; // steps or settings are left out
  readonly steps: readonly TracedStep[];
}

/** Traces of one isolate, and of the log that isolates share. */
export const TRACE_BOUNDS = {
  maxRecordBytes: 65_536,
  maxIsolateBytes: 1_048_576,
  maxIsolateRecords: 64,
  maxStoredRecords: 256,
  lifetimeMs: 60_000,
} as const;

const MAX_ID = 128; // characters of a request id

/** The record as it is stored. Where it is too large, settings go first, then steps from the end. */
export function traceText(record: TraceRecord): string {
  const bounded = { ...record, requestId: record.requestId.slice(0, MAX_ID) };
  const whole = JSON.stringify(bounded);
  if (whole.length <= TRACE_BOUNDS.maxRecordBytes) return whole;
  let steps: readonly TracedStep[] = record.steps.map((step) => ({ ...step, settings: [] }));
  for (;;) {
    const text = JSON.stringify({ ...bounded, steps, isTruncated: true });
    if (text.length <= TRACE_BOUNDS.maxRecordBytes || steps.length === 0) return text;
    steps = steps.slice(0, Math.floor(steps.length / 2));
  }
}

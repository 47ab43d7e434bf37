// A trace as text for the terminal: the walk of a call, layer by layer.
import { type Marks, PLAIN, valueText } from "./explanation-text.ts";
import type { StepOutcome, TracedStep, TracedValue, TraceRecord } from "./trace-record.ts";

const OUTCOME_TEXTS: Readonly<Record<StepOutcome, string>> = {
  passed: "passed",
  retried: "passed, more than once",
  responded: "responded",
  refused: "refused",
  failed: "failed",
};

/** @returns lines, each without its end */
export function traceLines(record: TraceRecord, marks: Marks = PLAIN): readonly string[] {
  const { requestId, route, httpMethod, protocol, status, durationMs, isTruncated, steps } = record;
  const width = Math.max(5, ...steps.map((step) => nameOf(step).length));
  return [
    `${httpMethod}  ->  ${marks.strong(route === "" ? "no route" : route)}`,
    `HTTP status ${status} after ${durationMs} ms, protocol ${protocol}, request ${requestId}`,
    "",
    `${"at ms".padStart(7)} ${"own ms".padStart(7)}  ${"layer".padEnd(width)}  outcome`,
    ...steps.flatMap((step) => stepLines(step, width, marks)),
    ...(isTruncated ? ["The trace was too large: steps or settings are left out."] : []),
  ];
}

function stepLines(step: TracedStep, width: number, marks: Marks): readonly string[] {
  const { startMs, selfMs, outcome, reason, values } = step;
  const text = `${OUTCOME_TEXTS[outcome]}${reason === "" ? "" : `: ${reason}`}`;
  const shown = outcome === "refused" || outcome === "failed" ? marks.strong(text) : text;
  const head = `${String(startMs).padStart(7)} ${String(selfMs).padStart(7)}  ${nameOf(step).padEnd(width)}  ${shown}`;
  return [head, ...values.map((value) => `${" ".repeat(19)}${marks.faint(textOfValue(value))}`)];
}

function nameOf({ layer, attempt }: TracedStep): string {
  return attempt === 0 ? layer : `${layer} #${attempt}`;
}

function textOfValue({ name, value, source }: TracedValue): string {
  return source === "" ? `${name} ${valueText(value)}` : `${name} ${valueText(value)}  (${source})`;
}

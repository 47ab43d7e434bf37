// The steps of a call through the layers, as bars over its time.
import type { Value } from "@bufbuild/protobuf/wkt";
import { StepOutcome, type Trace, type TraceStep } from "../../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import type { Tone } from "../../components/tone.ts";

const SMALLEST_PERCENT = 0.4; // a step without measurable time is a line

export interface StepBar {
  readonly step: TraceStep;
  readonly name: string; // with the number of the attempt
  readonly depth: number; // 1 for the layers of an attempt
  readonly leftPercent: number;
  readonly widthPercent: number;
}

/** Time that the bars are drawn over. */
export function wholeMs({ steps, durationMs }: Trace): number {
  return Math.max(1, durationMs, ...steps.map(({ startMs, selfMs }) => startMs + selfMs));
}

export function barsOf(trace: Trace): readonly StepBar[] {
  const { steps } = trace;
  const whole = wholeMs(trace);
  return steps.map((step) => {
    const leftPercent = Math.min(100 - SMALLEST_PERCENT, (100 * step.startMs) / whole);
    return {
      step,
      name: step.attempt === 0 ? step.layer : `${step.layer} #${step.attempt}`,
      depth: step.isAttempt ? 1 : 0,
      leftPercent,
      widthPercent: Math.max(SMALLEST_PERCENT, Math.min((100 * step.selfMs) / whole, 100 - leftPercent)),
    };
  });
}

const OUTCOMES: Readonly<Record<StepOutcome, readonly [string, Tone]>> = {
  [StepOutcome.UNSPECIFIED]: ["unknown", "quiet"],
  [StepOutcome.PASSED]: ["passed", "quiet"],
  [StepOutcome.RETRIED]: ["passed again", "warn"],
  [StepOutcome.RESPONDED]: ["responded", "good"],
  [StepOutcome.REFUSED]: ["refused", "bad"],
  [StepOutcome.FAILED]: ["failed", "bad"],
};

/** An outcome that this console does not know is one of a later gateway. */
export function outcomeText(outcome: StepOutcome): readonly [string, Tone] {
  return OUTCOMES[outcome] ?? OUTCOMES[StepOutcome.UNSPECIFIED];
}

/** @returns a value in one line: texts as they are, everything else in JSON */
export function valueText(value: Value | undefined): string {
  return textOf(value, false);
}

function textOf(value: Value | undefined, isInside: boolean): string {
  const kind = value?.kind;
  switch (kind?.case) {
    case "stringValue":
      return isInside ? JSON.stringify(kind.value) : kind.value;
    case "numberValue":
    case "boolValue":
      return String(kind.value);
    case "listValue":
      return `[${kind.value.values.map((one) => textOf(one, true)).join(", ")}]`;
    case "structValue":
      return `{${Object.entries(kind.value.fields).map(([name, one]) => ` ${name}: ${textOf(one, true)}`)} }`;
    default:
      return "none";
  }
}

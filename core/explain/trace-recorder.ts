// Records what the layers of one traced call do. Made for traced calls alone.
import type { ShownValue } from "./setting-value.ts";
import type { StepOutcome } from "./trace-record.ts";

/** A layer of a traced pipeline: one for all calls. */
export interface LayerMark {
  readonly layer: string;
  isAttempt: boolean; // written while the pipeline is compiled
}

const MAX_STEPS = 160; // ten retries of a hedged call, and all layers above
const MAX_VALUES = 32; // values of one step

/** How a step ends: with a response, or with an error that is `from` the layers below or the layer's own. */
export interface StepEnd {
  readonly outcome: StepOutcome;
  readonly reason: string;
}

export class RecordedStep {
  readonly mark: LayerMark;
  readonly attempt: object | undefined;
  readonly attemptNumber: number;
  readonly startedAt: number; // epoch ms
  readonly values = new Map<string, ShownValue>();
  calls = 0; // number of calls of the layer below
  lastError: unknown = undefined; // error of the last of them; undefined where it has returned
  outcome: StepOutcome = "passed";
  reason = "";
  endedAt: number | undefined = undefined;
  readonly #below: [from: number, to: number][] = [];

  constructor(mark: LayerMark, attempt: object | undefined, attemptNumber: number, startedAt: number) {
    this.mark = mark;
    this.attempt = attempt;
    this.attemptNumber = attemptNumber;
    this.startedAt = startedAt;
  }

  /** The layer below has been called from `from` to `to`. */
  ranBelow(from: number, to: number): void {
    this.#below.push([from, to]);
  }

  end({ outcome, reason }: StepEnd, now: number): void {
    this.outcome = outcome;
    this.reason = reason;
    this.endedAt = now;
  }

  /** Time of the layer itself, ms: attempts that ran side by side count once. */
  selfMs(now: number): number {
    const end = this.endedAt ?? now;
    let below = 0;
    let until = this.startedAt;
    for (const [from, to] of this.#below.toSorted(([one], [other]) => one - other)) {
      below += Math.max(0, Math.min(to, end) - Math.max(from, until));
      until = Math.max(until, to);
    }
    return Math.max(0, end - this.startedAt - below);
  }
}

export class TraceRecorder {
  readonly steps: RecordedStep[] = [];
  isTruncated = false;
  #isOver = false;

  /** @param attempt the attempt that the layer belongs to; undefined above `retry` and `hedge` */
  enter(mark: LayerMark, attempt: object | undefined, attemptNumber: number, now: number): RecordedStep {
    const step = new RecordedStep(mark, attempt, attemptNumber, now);
    if (this.#isOver) return step; // a refresh in the background goes on after the response
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
    else this.isTruncated = true;
    return step;
  }

  /** The step of a layer that now calls the layer below it, for the same attempt where there are several. */
  caller(mark: LayerMark, attempt: object | undefined): RecordedStep | undefined {
    const own = this.steps.filter((step) => step.mark === mark && step.endedAt === undefined);
    return own.findLast((step) => step.attempt === attempt) ?? own.at(-1);
  }

  /** Values that a layer has judged by. Values of the same name are replaced. */
  note(layer: string, values: Readonly<Record<string, ShownValue>>): void {
    const step = this.steps.findLast(({ mark, endedAt }) => mark.layer === layer && endedAt === undefined);
    if (step === undefined) return;
    for (const [name, value] of Object.entries(values)) if (step.values.size < MAX_VALUES) step.values.set(name, value);
  }

  /** The response has begun: nothing more is recorded. */
  end(): void {
    this.#isOver = true;
  }
}

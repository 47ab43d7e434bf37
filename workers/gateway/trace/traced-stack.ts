// Puts layers around one another as `stack` does, and records what each of them does with a traced call. Compiled for a route when its first
// traced call comes; other calls do not run through it.
import type { LayerMark, RecordedStep, StepEnd } from "../../../core/explain/trace-recorder.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { CallAttempt } from "../../call/call-attempt.ts";
import type { Handler, Layer, Stack } from "../call/layer.ts";
import type { Call } from "../call.ts";

/** Failures of an upstream are no refusals. */
const FAILURES: ReadonlySet<string> = new Set(["upstream_unreachable", "upstream_invalid", "deadline_exceeded", "caller_gone"]);

/** @returns a way to combine layers; the marks of its lists belong together */
export function tracedStack(): Stack {
  const marks = new WeakMap<Handler, readonly LayerMark[]>();
  const asAttempts = (handler: Handler | undefined): readonly LayerMark[] => {
    const own = (handler && marks.get(handler)) ?? [];
    for (const mark of own) mark.isAttempt = true;
    return own;
  };
  return (layers, innermost) => {
    const all: LayerMark[] = typeof innermost === "function" ? [...asAttempts(innermost)] : [{ layer: innermost[0], isAttempt: false }];
    const bottom = typeof innermost === "function" ? innermost : recorded(all[0]!, innermost[1]);
    const handler = layers.reduceRight<Handler>((next, [name, layer, other]) => {
      if (layer === undefined) return next;
      asAttempts(other);
      const mark: LayerMark = { layer: name, isAttempt: false };
      all.push(mark);
      return around(mark, layer, next);
    }, bottom);
    marks.set(handler, all);
    return handler;
  };
}

function around(mark: LayerMark, layer: Layer, next: Handler): Handler {
  const below: Handler = async (call, attempt) => {
    const step = call.trace?.caller(mark, attempt);
    if (step === undefined) return next(call, attempt);
    const from = Date.now();
    step.calls += 1;
    step.lastError = undefined;
    try {
      return await next(call, attempt);
    } catch (error) {
      step.lastError = error;
      throw error;
    } finally {
      step.ranBelow(from, Date.now());
    }
  };
  return recorded(mark, withNeeds(layer(withNeeds(below, next.needs)), layer.needs ?? next.needs));
}

function withNeeds(handler: Handler, needs: Handler["needs"]): Handler {
  return needs === undefined ? handler : Object.assign(handler, { needs });
}

/** Records a step for each call of the handler. */
function recorded(mark: LayerMark, handler: Handler): Handler {
  const recording = async (call: Call, attempt?: CallAttempt): Promise<Response> => {
    const { trace } = call;
    if (trace === undefined) return handler(call, attempt);
    const step = trace.enter(mark, attempt, attempt?.number ?? 0, Date.now());
    try {
      const response = await handler(call, attempt);
      step.end(endOf(step, response), Date.now());
      return response;
    } catch (error) {
      step.end(failureOf(step, error), Date.now());
      throw error;
    }
  };
  return withNeeds(recording, handler.needs);
}

function endOf({ calls, lastError }: RecordedStep, { status }: Response): StepEnd {
  if (calls === 0) return { outcome: "responded", reason: status < 400 ? "" : `status_${status}` };
  if (lastError !== undefined) return { outcome: "responded", reason: reasonOf(lastError) };
  return { outcome: calls > 1 ? "retried" : "passed", reason: "" };
}

function failureOf(step: RecordedStep, error: unknown): StepEnd {
  if (step.calls > 0 && step.lastError === error) return { outcome: step.calls > 1 ? "retried" : "passed", reason: "" };
  const reason = reasonOf(error);
  if (error instanceof Rejected) for (const [name, value] of factsOf(error)) step.values.set(name, value);
  return { outcome: error instanceof Rejected && !FAILURES.has(reason) ? "refused" : "failed", reason };
}

function reasonOf(error: unknown): string {
  return error instanceof Rejected ? error.rejection.kind : "internal";
}

/** Facts of a rejection that say nothing of what the caller has sent. */
const FACTS: ReadonlySet<string> = new Set([
  "rule",
  "retryAfterMs",
  "maxBytes",
  "maxCount",
  "timeoutMs",
  "upstream",
  "point",
  "isFull",
  "wasSent",
]);

function factsOf({ rejection }: Rejected): [string, string | number | boolean][] {
  return Object.entries(rejection).filter((entry): entry is [string, string | number | boolean] => {
    return FACTS.has(entry[0]) && ["string", "number", "boolean"].includes(typeof entry[1]);
  });
}

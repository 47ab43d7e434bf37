// Retries a call that failed by no fault of its own: at another endpoint, after a backoff, within the budget of the upstream.

import type { Budget } from "../../../core/budget.ts";
import type { RetryPolicy } from "../../../core/config/retry.ts";
import { ATTEMPT_HEADER } from "../../../core/headers.ts";
import type { Counter } from "../../../core/metrics/cells.ts";
import { Rejected } from "../../../core/rejection.ts";
import { type AttemptFailure, decideRetry } from "../../../core/retry/retry.ts";
import { type AttemptBounds, CallAttempt } from "../call/attempt.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import { type Handler, type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";
import type { Call } from "../call.ts";
import { failureOf, failureOfError } from "../upstream/dispatch/failure.ts";

export interface RetrySettings {
  readonly policy: RetryPolicy;
  readonly traits: MethodTraits;
  readonly budget: Budget; // all methods of the upstream share it
  readonly counter?: Counter | undefined; // counts further attempts
}

/** A value below 0 means: do not retry. @see gRFC A6 */
const PUSHBACK = "grpc-retry-pushback-ms";

/** For unary methods: the caller may have read a part of a stream. */
export function retry({ policy, traits: { isUnary, isSafe }, budget, counter }: RetrySettings): Layer | undefined {
  if (!isUnary || policy.max === 0) return undefined;
  const { perAttemptMs } = policy;
  const bounds: AttemptBounds = { maxMs: perAttemptMs, budget };
  const layer: Layer = (next) => async (call) => {
    budget.earn();
    const { headers, body } = call.outgoing;
    const isChained = headers.has(ATTEMPT_HEADER); // a service before this gateway retries
    const isIdempotent = isSafe || headers.has("idempotency-key");
    const tried = new Set<string>();
    for (let number = 1; ; number++) {
      if (number > 1) headers.set(ATTEMPT_HEADER, String(number));
      call.trace?.note("retry", { "retries.max": policy.max, attempts: number });
      const outcome = await attempt(next, call, number, tried, bounds, perAttemptMs);
      if (outcome instanceof Response) return outcome;
      const { failure } = outcome;
      if (failure === undefined || isChained || (failure.wasSent && body instanceof ReadableStream)) return settle(outcome);
      const now = Date.now();
      const decided = decideRetry(
        policy,
        failure,
        { number, isIdempotent, remainingMs: call.deadlineAt - now },
        budget,
        now,
        Math.random(),
      );
      if (decided.kind === "stop" || call.sendSignal?.aborted === true) {
        const isSpent = decided.kind === "stop" && (decided.reason === "budget" || decided.reason === "max");
        // A caller that retries must not retry this call: retries of retries multiply.
        if (isSpent) outcome.response?.headers.set(PUSHBACK, "-1");
        return settle(outcome);
      }
      await outcome.response?.body?.cancel();
      const { sendSignal: signal } = call;
      counter?.add(1);
      await scheduler.wait(decided.afterMs, signal === null ? {} : { signal });
      recordDelay("retry", now);
    }
  };
  return isSafe ? needsWholeBody(layer) : layer;
}

/** An attempt that is to be repeated, perhaps, or that has thrown. */
interface Outcome {
  readonly response?: Response;
  readonly error?: unknown;
  readonly failure?: AttemptFailure;
}

/** @throws the error of the attempt */
function settle({ response, error }: Outcome): Response {
  if (response !== undefined) return response;
  throw error;
}

async function attempt(
  next: Handler,
  call: Call,
  number: number,
  tried: Set<string>,
  bounds: AttemptBounds,
  perAttemptMs: number,
): Promise<Response | Outcome> {
  const attemptEndsAt = perAttemptMs === Number.POSITIVE_INFINITY ? perAttemptMs : Date.now() + perAttemptMs;
  const timer = attemptEndsAt < call.deadlineAt ? timerOf(perAttemptMs) : undefined;
  try {
    const own = timer === undefined ? bounds : { ...bounds, deadlineAt: attemptEndsAt, signal: endedBy(timer.signal, call.sendSignal) };
    const response = await next(call, new CallAttempt(call, number, tried, own));
    const failure = failureOf(response);
    return failure === undefined ? response : { response, failure };
  } catch (error) {
    if (timer?.signal.aborted === true && call.sendSignal?.aborted !== true) {
      const late = new Rejected({ kind: "deadline_exceeded", stage: "attempt", timeoutMs: perAttemptMs });
      // Another endpoint may respond in time.
      return { error: late, failure: { code: "unavailable", wasSent: true, pushbackMs: undefined } };
    }
    if (!(error instanceof Rejected) || call.sendSignal?.aborted === true) return { error };
    const { kind } = error.rejection;
    const isUpstreams = kind === "upstream_unreachable" || kind === "upstream_invalid"; // refusals of this gateway are not retried
    const failure = isUpstreams ? failureOfError(error) : undefined;
    return failure === undefined ? { error } : { error, failure };
  } finally {
    timer?.clear(); // a large body may pass for as long as the call may take
  }
}

function timerOf(ms: number): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function endedBy(timer: AbortSignal, signal: AbortSignal | null): AbortSignal {
  return signal === null ? timer : AbortSignal.any([timer, signal]);
}

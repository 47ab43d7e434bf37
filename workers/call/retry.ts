// Repeats a call that failed by no fault of its own: at another endpoint, after a backoff, within the budget of the upstream.
import type { Budget } from "../../core/budget.ts";
import type { RetryPolicy } from "../../core/config/retry.ts";
import { ATTEMPT_HEADER } from "../../core/headers.ts";
import { Rejected } from "../../core/rejection.ts";
import { type AttemptFailure, decideRetry } from "../../core/retry/retry.ts";
import { type AttemptBounds, type AttemptSender, CallAttempt } from "./call-attempt.ts";
import { failureOf, failureOfError } from "./failure.ts";
import type { OutboundCall } from "./outbound-call.ts";
import { wait } from "../wait.ts";

/** What learns of further attempts. */
export interface RetryObserver<C extends OutboundCall> {
  /** A further attempt is decided on, before its pause. */
  retrying(): void;
  /** Its pause is over. @param pausedAt epoch ms */
  paused(pausedAt: number): void;
  /** The call has failed, and made all the attempts that it may: its caller must not repeat it. */
  spent(call: C): void;
}

/** What all calls of a method have in common. */
export interface RetryRules<C extends OutboundCall> {
  readonly policy: RetryPolicy;
  readonly budget: Budget; // all methods of the upstream share it
  readonly bounds: AttemptBounds;
  readonly observer: RetryObserver<C>;
}

export function retryRules<C extends OutboundCall>(policy: RetryPolicy, budget: Budget, observer: RetryObserver<C>): RetryRules<C> {
  return { policy, budget, bounds: { maxMs: policy.perAttemptMs, budget }, observer };
}

/** A value below 0 means: do not retry. @see gRFC A6 */
export const PUSHBACK_HEADER = "grpc-retry-pushback-ms";

/**
 * Sends a unary call until an attempt succeeds, or must not be repeated.
 *
 * @param isIdempotent whether the call may be sent again where an endpoint may have worked on it already
 * @returns the last response
 * @throws the error of the last attempt
 */
export async function withRetries<C extends OutboundCall>(
  { policy, budget, bounds, observer }: RetryRules<C>,
  call: C,
  isIdempotent: boolean,
  next: AttemptSender<C>,
): Promise<Response> {
  budget.earn();
  const { headers, body } = call.outgoing;
  const isChained = headers.has(ATTEMPT_HEADER); // a service before this one retries
  const tried = new Set<string>();
  for (let number = 1; ; number++) {
    if (number > 1) headers.set(ATTEMPT_HEADER, String(number));
    call.trace?.note("retry", { "retries.max": policy.max, attempts: number });
    const outcome = await attempt(next, call, number, tried, bounds, policy.perAttemptMs);
    if (outcome instanceof Response) return outcome;
    const { failure } = outcome;
    if (failure === undefined || isChained || (failure.wasSent && body instanceof ReadableStream)) return settle(outcome);
    const now = Date.now();
    const state = { number, isIdempotent, remainingMs: call.deadlineAt - now };
    const decided = decideRetry(policy, failure, state, budget, now, Math.random());
    if (decided.kind === "stop" || call.sendSignal?.aborted === true) {
      const isSpent = decided.kind === "stop" && (decided.reason === "budget" || decided.reason === "max");
      // A caller that retries must not retry this call: retries of retries multiply.
      if (isSpent) {
        outcome.response?.headers.set(PUSHBACK_HEADER, "-1");
        observer.spent(call);
      }
      return settle(outcome);
    }
    await outcome.response?.body?.cancel();
    observer.retrying();
    await wait(decided.afterMs, call.sendSignal ?? undefined);
    observer.paused(now);
  }
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

async function attempt<C extends OutboundCall>(
  next: AttemptSender<C>,
  call: C,
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
    const isUpstreams = kind === "upstream_unreachable" || kind === "upstream_invalid"; // refusals before an attempt are not retried
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

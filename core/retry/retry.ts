// Whether a failed attempt is made again, and when.
import { Budget } from "../budget.ts";

/** What came of an attempt, as far as a retry is concerned. */
export interface AttemptFailure {
  readonly code: string; // of Connect: `unavailable`
  readonly wasSent: boolean; // whether the upstream may have begun to work on it
  readonly pushbackMs: number | undefined; // how long the upstream asks to wait; below 0: don't
}

export interface RetryPolicy {
  readonly max: number; // retries, beside the first attempt
  readonly baseMs: number; // of the pause before the first retry: it doubles, up to `maxMs`
  readonly maxMs: number;
  readonly perAttemptMs: number; // Infinity for none
  readonly codes: ReadonlySet<string>;
}

export interface AttemptState {
  readonly number: number; // of attempts made so far
  readonly isIdempotent: boolean; // by its idempotency level, the HTTP method of a REST call, or a key that the caller has sent
  readonly remainingMs: number; // until the call's deadline
}

export type RetryDecision =
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "stop"; readonly reason: "not_retriable" | "not_idempotent" | "max" | "pushback" | "deadline" | "budget" };

/** The retry budget of an upstream. It saves at most what ten quiet seconds or a hundred calls earn, and starts with three seconds' worth. */
export function retryBudget({ percent, minPerSecond }: { readonly percent: number; readonly minPerSecond: number }): Budget {
  const share = percent / 100;
  const cap = Math.max(10 * minPerSecond, 100 * share);
  return new Budget({ share, perSecond: minPerSecond, cap, initial: Math.min(cap, 3 * minPerSecond) });
}

/**
 * Full jitter: the pause is anything up to the doubled base, so that those who failed together do not come back together.
 * The budget is asked last: what would not be retried anyway costs it nothing.
 *
 * @param roll a number in [0, 1)
 * @see Brooker 2015, Exponential Backoff and Jitter; gRFC A6
 */
export function decideRetry(
  policy: RetryPolicy,
  failure: AttemptFailure,
  tried: AttemptState,
  budget: Budget,
  now: number,
  roll: number,
): RetryDecision {
  if (!policy.codes.has(failure.code)) return { kind: "stop", reason: "not_retriable" };
  if (failure.wasSent && !tried.isIdempotent) return { kind: "stop", reason: "not_idempotent" };
  if (tried.number > policy.max) return { kind: "stop", reason: "max" };
  if (failure.pushbackMs !== undefined && failure.pushbackMs < 0) return { kind: "stop", reason: "pushback" };
  const pauseMs = roll * Math.min(policy.maxMs, policy.baseMs * 2 ** (tried.number - 1));
  const afterMs = Math.ceil(Math.max(pauseMs, failure.pushbackMs ?? 0));
  if (afterMs + 1 >= tried.remainingMs) return { kind: "stop", reason: "deadline" };
  if (!budget.take(now)) return { kind: "stop", reason: "budget" };
  return { kind: "retry", afterMs };
}

// Whether a failed attempt is retried, and when.
import { Budget } from "../budget.ts";
import type { RetryBudgetPolicy, RetryPolicy } from "../config/retry.ts";

/** How an attempt failed, as far as a retry is concerned. */
export interface AttemptFailure {
  readonly code: string; // a Connect code, such as `unavailable`
  readonly wasSent: boolean; // whether the upstream may have begun to work on the attempt
  readonly pushbackMs: number | undefined; // pause that the upstream requests; below 0, it requests that nothing is retried
}

export interface AttemptState {
  readonly number: number; // attempts made so far
  readonly isIdempotent: boolean; // its idempotency level, the HTTP method of a REST call, or a key that the caller has sent says so
  readonly remainingMs: number; // time until the call's deadline
}

export type RetryDecision =
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "stop"; readonly reason: "not_retriable" | "not_idempotent" | "max" | "pushback" | "deadline" | "budget" };

/** The retry budget of an upstream. It saves at most what ten quiet seconds or a hundred calls earn, and starts with three seconds' worth. */
export function retryBudget({ percent, minPerSecond }: RetryBudgetPolicy): Budget {
  const share = percent / 100;
  const cap = Math.max(10 * minPerSecond, 100 * share);
  return new Budget({ share, perSecond: minPerSecond, cap, initial: Math.min(cap, 3 * minPerSecond) });
}

/**
 * Decides with full jitter: the pause is a random part of the doubled base, so that calls that failed together do not come back together.
 * The budget comes last: a call that is not retried anyway takes nothing from it.
 *
 * @param now    epoch ms
 * @param random a number in [0, 1)
 * @see Brooker 2015, Exponential Backoff and Jitter; gRFC A6
 */
export function decideRetry(
  policy: RetryPolicy,
  failure: AttemptFailure,
  attempt: AttemptState,
  budget: Budget,
  now: number,
  random: number,
): RetryDecision {
  if (!policy.codes.has(failure.code)) return { kind: "stop", reason: "not_retriable" };
  if (failure.wasSent && !attempt.isIdempotent) return { kind: "stop", reason: "not_idempotent" };
  if (attempt.number > policy.max) return { kind: "stop", reason: "max" };
  if (failure.pushbackMs !== undefined && failure.pushbackMs < 0) return { kind: "stop", reason: "pushback" };
  const pauseMs = random * Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt.number - 1));
  const afterMs = Math.ceil(Math.max(pauseMs, failure.pushbackMs ?? 0));
  if (afterMs + 1 >= attempt.remainingMs) return { kind: "stop", reason: "deadline" };
  if (!budget.take(now)) return { kind: "stop", reason: "budget" };
  return { kind: "retry", afterMs };
}

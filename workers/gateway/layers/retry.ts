// Retries a call that failed by no fault of its own: at another endpoint, after a backoff, within the budget of the upstream.

import type { Budget } from "../../../core/budget.ts";
import type { RetryPolicy } from "../../../core/config/retry.ts";
import type { Counter } from "../../../core/metrics/cells.ts";
import { retryRules, withRetries } from "../../call/retry.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";

export interface RetrySettings {
  readonly policy: RetryPolicy;
  readonly traits: MethodTraits;
  readonly budget: Budget; // all methods of the upstream share it
  readonly counter?: Counter | undefined; // counts further attempts
}

/** For unary methods: the caller may have read a part of a stream. */
export function retry({ policy, traits: { isUnary, isSafe }, budget, counter }: RetrySettings): Layer | undefined {
  if (!isUnary || policy.max === 0) return undefined;
  const rules = retryRules(policy, budget, {
    retrying: () => counter?.add(1),
    paused: (pausedAt) => recordDelay("retry", pausedAt),
    spent: () => undefined, // the header of the response says it
  });
  const layer: Layer = (next) => (call) => withRetries(rules, call, isSafe || call.outgoing.headers.has("idempotency-key"), next);
  return isSafe ? needsWholeBody(layer) : layer;
}

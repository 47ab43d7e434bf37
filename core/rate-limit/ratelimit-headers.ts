// The response headers that report token buckets to a caller: RateLimit and RateLimit-Policy.
import type { Quota } from "../rejection.ts";

/**
 * The headers of a response to a call that token buckets allowed or refused.
 * RateLimit-Policy: `q` is the largest burst in tokens, `w` the seconds in which an empty bucket fills.
 * RateLimit: `r` is the whole tokens left, `t` the seconds until there is one more.
 *
 * @returns none without a quota
 * @see draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitHeaders(quotas: readonly Quota[]): [name: string, value: string][] {
  if (quotas.length === 0) return [];
  if (quotas.length === 1) {
    const [only] = quotas as readonly [Quota];
    return [
      ["RateLimit-Policy", policyOf(only)],
      ["RateLimit", stateOf(only)],
    ];
  }
  let [policy, state] = ["", ""];
  for (const quota of quotas) {
    const comma = policy === "" ? "" : ", ";
    policy += comma + policyOf(quota);
    state += comma + stateOf(quota);
  }
  return [
    ["RateLimit-Policy", policy],
    ["RateLimit", state],
  ];
}

function policyOf({ rule, capacity, windowMs }: Quota): string {
  return `"${rule}";q=${capacity};w=${wholeSeconds(windowMs)}`;
}

function stateOf({ rule, remaining, nextMs }: Quota): string {
  return `"${rule}";r=${remaining}${nextMs > 0 ? `;t=${wholeSeconds(nextMs)}` : ""}`;
}

/** Seconds, rounded up and at least 1: the headers have no fractions, and a caller that waits so long never comes too early. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

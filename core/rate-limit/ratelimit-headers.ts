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
  let [policy, state] = ["", ""];
  for (const { rule, capacity, windowMs, remaining, nextMs } of quotas) {
    const comma = policy === "" ? "" : ", ";
    policy += `${comma}"${rule}";q=${capacity};w=${wholeSeconds(windowMs)}`;
    state += `${comma}"${rule}";r=${remaining}${nextMs > 0 ? `;t=${wholeSeconds(nextMs)}` : ""}`;
  }
  return [
    ["RateLimit-Policy", policy],
    ["RateLimit", state],
  ];
}

/** Seconds, rounded up and at least 1: the headers have no fractions, and a caller that waits so long never comes too early. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

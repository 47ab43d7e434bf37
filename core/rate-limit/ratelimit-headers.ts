// What a caller is told of its buckets: RateLimit, RateLimit-Policy and Retry-After.
import type { Quota } from "../rejection.ts";

/**
 * The fields of an answer that passed, or was refused by, token buckets.
 * `q` is the largest burst, `w` the seconds in which an empty bucket fills, `r` the whole tokens left,
 * `t` the seconds until there is one more.
 *
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

/** Whole seconds, at least 1 and never too few: the fields have no fractions. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

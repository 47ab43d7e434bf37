import { expect, it } from "vitest";
import { evictOldest, isAnyRefused } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";

it("finds a refusal among decisions, also if some buckets were unreachable", () => {
  const allowed = { kind: "allowed", remaining: 1, nextMs: 0 } as const;
  const refused = { kind: "refused", remaining: 0, nextMs: 1, retryAfterMs: 1 } as const;
  expect(isAnyRefused([allowed, undefined])).toBe(false);
  expect(isAnyRefused([allowed, undefined, refused])).toBe(true);
});

it.each([
  [99, 100, 0],
  [100, 100, 5],
  [10, 10, 1],
  [3, 3, 1],
])("of %i entries under a maximum of %i evicts the oldest %i", (size, max, evicted) => {
  const map = new Map(Array.from({ length: size }, (_, index) => [String(index), index]));
  evictOldest(map, max);
  expect([...map.values()]).toEqual(Array.from({ length: size - evicted }, (_, index) => index + evicted));
});

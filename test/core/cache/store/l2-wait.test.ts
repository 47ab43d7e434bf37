// How long calls of a route wait for the shared level, by what its upstream usually takes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { L2Wait } from "../../../../core/cache/store/l2-wait.ts";

const RULES = { percent: 50, minMs: 10, maxMs: 500 };

/** @returns the wait after fetches that each took so long */
function waitAfter(rules: typeof RULES, ...tookMs: readonly number[]): number {
  const wait = new L2Wait(rules);
  for (const ms of tookMs) wait.recordFetch(ms);
  return wait.ms;
}

describe("the wait for the shared level", () => {
  it.each([
    ["is 100 ms before the first fetch", [], 100],
    ["is half of what the upstream takes", [300], 150],
    ["is at least what a near read takes", [4], 10],
    ["is at most its bound", [60_000], 500],
    ["takes a fetch of no time for one of 1 ms", [0], 10],
    ["follows the average, not one slow fetch", [100, 1_100], 100],
  ] as const)("%s", (_, tookMs, want) => expect(waitAfter(RULES, ...tookMs)).toBe(want));

  it("comes close to the share of a time that has changed within 40 fetches", () => {
    expect(waitAfter(RULES, 20, ...Array.from({ length: 40 }, () => 400))).toBeGreaterThan(195);
  });

  it("is never above its bound, also where that is below what a near read takes", () => {
    const times = fc.array(fc.nat(100_000), { maxLength: 30 });
    fc.assert(
      fc.property(times, fc.nat(60_000), fc.nat(60_000), fc.integer({ min: 1, max: 1_000 }), (all, minMs, maxMs, percent) => {
        const ms = waitAfter({ percent, minMs, maxMs }, ...all);
        expect(ms).toBeGreaterThanOrEqual(Math.min(minMs, maxMs));
        expect(ms).toBeLessThanOrEqual(maxMs);
      }),
    );
  });
});

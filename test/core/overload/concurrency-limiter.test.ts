// A limit of calls in flight: capacity for more critical calls, shares for callers, and a limit that learns from samples.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimiter } from "../../../core/overload/concurrency-limiter.ts";

describe("a fixed limit", () => {
  const filled = (calls: number, key = 0) => {
    const limiter = new ConcurrencyLimiter({ max: 100, floor: undefined });
    for (let n = 0; n < calls; n++) limiter.begin(0, 1_000, key);
    return limiter;
  };

  it.each([
    [69, [undefined, undefined, undefined, undefined]],
    [70, ["level", undefined, undefined, undefined]],
    [80, ["level", "level", undefined, undefined]],
    [95, ["level", "level", "level", undefined]],
    [100, ["full", "full", "full", "full"]],
  ])("with %i of 100 in flight refuses the four ranks with %j", (calls, refusals) => {
    const limiter = filled(calls);
    expect([0, 1, 2, 3].map((rank) => limiter.refusal(rank, 0, 0))).toEqual(refusals);
    expect(limiter.refusal(0, 0, 1_000)).toBeUndefined(); // permits expire
  });

  it("is never exceeded, whatever the calls", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 })), { maxLength: 300 }), (calls) => {
        const limiter = new ConcurrencyLimiter({ max: 40, floor: undefined });
        for (const [rank, key] of calls) if (limiter.refusal(rank, key, 0) === undefined) limiter.begin(0, 1_000, key);
        expect(limiter.inFlight(0)).toBeLessThanOrEqual(40);
      }),
    );
  });

  it("refuses a caller that holds more than its share, and no other; a single caller may hold everything", () => {
    const limiter = filled(80, 7);
    for (const key of [8, 9]) for (let n = 0; n < 3; n++) limiter.begin(0, 1_000, key);
    expect(limiter.inFlight(0)).toBe(86);
    expect([7, 8, 9, 10].map((key) => limiter.refusal(2, key, 0))).toEqual(["share", undefined, undefined, undefined]);
    expect(filled(86, 7).refusal(2, 7, 0)).toBeUndefined();
  });
});

describe("fairness between callers", () => {
  /** Calls in flight: 80 of caller 7 and the rest of others, with a limit of 100. */
  const withCallers = (inFlight: number, callers: number) => {
    const limiter = new ConcurrencyLimiter({ max: 100, floor: undefined });
    for (let n = 0; n < 50; n++) limiter.begin(0, 1_000, 7);
    for (let n = 50; n < inFlight; n++) limiter.begin(0, 1_000, 8 + (n % callers));
    return limiter;
  };

  it("begins at 85 % of the limit", () => {
    expect(withCallers(84, 2).refusal(3, 7, 0)).toBeUndefined();
    expect(withCallers(85, 2).refusal(3, 7, 0)).toBe("share");
  });

  it("refuses a caller whose calls, times the number of callers, reach the limit", () => {
    expect(withCallers(90, 1).refusal(3, 7, 0)).toBe("share"); // 50 x 2
    const less = withCallers(89, 1);
    less.end(less.begin(0, 1_000, 9), 0, false);
    const one = new ConcurrencyLimiter({ max: 100, floor: undefined });
    for (let n = 0; n < 49; n++) one.begin(0, 1_000, 7);
    for (let n = 0; n < 41; n++) one.begin(0, 1_000, 8);
    expect(one.refusal(3, 7, 0)).toBeUndefined(); // 49 x 2
    expect(one.refusal(3, 0, 0)).toBeUndefined(); // a call without a key
  });
});

describe("a limiter of calls in flight", () => {
  it("needs the key of callers from a quarter of its limit on", () => {
    const limiter = new ConcurrencyLimiter({ max: 8, floor: undefined });
    expect(limiter.limit).toBe(8);
    limiter.begin(0, 100, 0);
    expect(limiter.needsKey(0)).toBe(false);
    const permit = limiter.begin(0, 100, 0);
    expect(limiter.needsKey(0)).toBe(true);
    limiter.end(permit, 0, true);
    limiter.end(permit, 0, true);
    expect(limiter.inFlight(0)).toBe(1);
  });

  it("learns from samples only, where it is adaptive", () => {
    const grown = (isSample: boolean): number => {
      const limiter = new ConcurrencyLimiter({ max: 1_000, floor: 5 });
      for (let now = 0; now < 20_000; now += 10) {
        const permits = Array.from({ length: 15 }, () => limiter.begin(now, now + 1_000, 0));
        for (const permit of permits) limiter.end(permit, now + 10, isSample);
      }
      return limiter.limit;
    };
    expect(grown(false)).toBe(20);
    expect(grown(true)).toBeGreaterThan(30);
  });
});

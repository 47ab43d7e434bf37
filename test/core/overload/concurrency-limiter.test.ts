// A limit of calls in flight: capacity for more critical calls, shares for callers, and a limit that learns from samples.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimiter } from "../../../core/overload/concurrency-limiter.ts";

const CALLERS = Array.from({ length: 20 }, (_, n) => ({ shareKey: n + 1 }));
/** Caller number `n`. */
const by = (n: number) => CALLERS[n]!;

describe("a fixed limit", () => {
  const filled = (calls: number, caller?: number, callerShare = 1) => {
    const limiter = new ConcurrencyLimiter({ max: 100, floor: undefined, callerShare });
    for (let n = 0; n < calls; n++) limiter.begin(0, 1_000, by(caller ?? n % 20));
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
    expect([0, 1, 2, 3].map((rank) => limiter.refusal(rank, { shareKey: 99 }, 0))).toEqual(refusals);
    expect(limiter.refusal(0, by(0), 1_000)).toBeUndefined(); // permits expire
  });

  it("is never exceeded, whatever the calls", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 })), { maxLength: 300 }), (calls) => {
        const limiter = new ConcurrencyLimiter({ max: 40, floor: undefined, callerShare: 0.5 });
        for (const [rank, key] of calls) if (limiter.refusal(rank, by(key), 0) === undefined) limiter.begin(0, 1_000, by(key));
        expect(limiter.inFlight(0)).toBeLessThanOrEqual(40);
      }),
    );
  });

  it("refuses a caller that holds more than an equal share, and no other", () => {
    const limiter = filled(80, 7);
    for (const caller of [8, 9]) for (let n = 0; n < 3; n++) limiter.begin(0, 1_000, by(caller));
    expect(limiter.inFlight(0)).toBe(86);
    expect([7, 8, 9, 10].map((caller) => limiter.refusal(2, by(caller), 0))).toEqual(["share", undefined, undefined, undefined]);
    expect(filled(86, 7).refusal(2, by(7), 0)).toBeUndefined();
  });
});

describe("the share of one caller", () => {
  const alone = (calls: number, callerShare: number, max = 100) => {
    const limiter = new ConcurrencyLimiter({ max, floor: undefined, callerShare });
    for (let n = 0; n < calls; n++) limiter.begin(0, 1_000, by(1));
    return limiter;
  };

  it("is never exceeded, while it is alone, too; others find the rest", () => {
    expect([29, 30].map((calls) => alone(calls, 0.3).refusal(3, by(1), 0))).toEqual([undefined, "share"]);
    expect(alone(30, 0.3).refusal(0, by(2), 0)).toBeUndefined();
  });

  it("is one call at least, and everything where that is configured", () => {
    expect([0, 1].map((calls) => alone(calls, 0.01, 10).refusal(3, by(1), 0))).toEqual([undefined, "share"]);
    expect([9, 10].map((calls) => alone(calls, 1, 10).refusal(3, by(1), 0))).toEqual([undefined, "full"]);
  });

  it("counts the calls from before it was reached", () => {
    const limiter = alone(20, 0.5);
    for (let n = 0; n < 40; n++) limiter.begin(0, 1_000, by(2 + (n % 10)));
    for (let n = 0; n < 29; n++) limiter.begin(0, 1_000, by(1));
    expect(limiter.refusal(3, by(1), 0)).toBe("share"); // 49 calls of 11 callers, more than an equal share
    expect(new Set([2, 3, 4].map((caller) => limiter.refusal(3, by(caller), 0)))).toEqual(new Set([undefined]));
  });
});

describe("fairness between callers", () => {
  /** Calls in flight: 80 of caller 7 and the rest of others, with a limit of 100. */
  const withCallers = (inFlight: number, callers: number) => {
    const limiter = new ConcurrencyLimiter({ max: 100, floor: undefined, callerShare: 1 });
    for (let n = 0; n < 50; n++) limiter.begin(0, 1_000, by(7));
    for (let n = 50; n < inFlight; n++) limiter.begin(0, 1_000, by(8 + (n % callers)));
    return limiter;
  };

  it("begins at 85 % of the limit", () => {
    expect(withCallers(84, 2).refusal(3, by(7), 0)).toBeUndefined();
    expect(withCallers(85, 2).refusal(3, by(7), 0)).toBe("share");
  });

  it("refuses a caller whose calls, times the number of callers, reach the limit", () => {
    expect(withCallers(90, 1).refusal(3, by(7), 0)).toBe("share"); // 50 x 2
    const less = withCallers(89, 1);
    less.end(less.begin(0, 1_000, by(9)), 0, false);
    const one = new ConcurrencyLimiter({ max: 100, floor: undefined, callerShare: 1 });
    for (let n = 0; n < 49; n++) one.begin(0, 1_000, by(7));
    for (let n = 0; n < 41; n++) one.begin(0, 1_000, by(8));
    expect(one.refusal(3, by(7), 0)).toBeUndefined(); // 49 x 2
  });
});

describe("a limiter of calls in flight", () => {
  it("ends a permit once", () => {
    const limiter = new ConcurrencyLimiter({ max: 8, floor: undefined, callerShare: 1 });
    expect(limiter.limit).toBe(8);
    limiter.begin(0, 100, by(0));
    const permit = limiter.begin(0, 100, by(0));
    limiter.end(permit, 0, true);
    limiter.end(permit, 0, true);
    expect(limiter.inFlight(0)).toBe(1);
  });

  it("learns from samples only, where it is adaptive", () => {
    const grown = (isSample: boolean): number => {
      const limiter = new ConcurrencyLimiter({ max: 1_000, floor: 5, callerShare: 1 });
      for (let now = 0; now < 20_000; now += 10) {
        const permits = Array.from({ length: 15 }, () => limiter.begin(now, now + 1_000, by(0)));
        for (const permit of permits) limiter.end(permit, now + 10, isSample);
      }
      return limiter.limit;
    };
    expect(grown(false)).toBe(20);
    expect(grown(true)).toBeGreaterThan(30);
  });
});

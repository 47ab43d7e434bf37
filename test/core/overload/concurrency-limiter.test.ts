// A limit of calls in flight: permits that lapse, room for what matters, shares for callers, and a limit that follows latency.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimiter } from "../../../core/overload/concurrency-limiter.ts";
import { GradientLimit } from "../../../core/overload/gradient.ts";
import { Permits } from "../../../core/overload/permits.ts";

describe("permits", () => {
  it("count what was taken and neither given back nor overdue, and what each key holds of it", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("take" as const), lifeMs: fc.integer({ min: 1, max: 50 }), key: fc.integer({ min: 0, max: 3 }) }),
        fc.record({ kind: fc.constant("give" as const), which: fc.nat({ max: 30 }) }),
        fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 30 }) }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const permits = new Permits();
        let now = 0;
        let model: { permit: ReturnType<Permits["acquire"]>; key: number }[] = [];
        for (const step of all) {
          if (step.kind === "wait") now += step.ms;
          model = model.filter(({ permit }) => permit.deadlineAt > now);
          expect(permits.count(now)).toBe(model.length);
          if (step.kind === "take") model.push({ permit: permits.acquire(now, now + step.lifeMs, step.key), key: step.key });
          const given = step.kind === "give" ? model[step.which] : undefined;
          if (given !== undefined) {
            expect([permits.release(given.permit), permits.release(given.permit)]).toEqual([true, false]);
            model = model.filter((one) => one !== given);
          }
          for (const key of [1, 2, 3]) expect(permits.heldBy(key)).toBe(model.filter((one) => one.key === key).length);
          expect(permits.keyCount).toBe(new Set(model.map(({ key }) => key).filter((key) => key !== 0)).size);
        }
      }),
    );
  });
});

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
  ])("with %i of 100 in flight answers the four levels with %j", (calls, refusals) => {
    const limiter = filled(calls);
    expect([0, 1, 2, 3].map((rank) => limiter.refusal(rank, 0, 0))).toEqual(refusals);
    expect(limiter.refusal(0, 0, 1_000)).toBeUndefined(); // whoever went away without a word is forgotten at the deadline
  });

  it("is never exceeded, whoever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 })), { maxLength: 300 }), (calls) => {
        const limiter = new ConcurrencyLimiter({ max: 40, floor: undefined });
        for (const [rank, key] of calls) if (limiter.refusal(rank, key, 0) === undefined) limiter.begin(0, 1_000, key);
        expect(limiter.inFlight(0)).toBeLessThanOrEqual(40);
      }),
    );
  });

  it("sheds first whoever holds more than a share, and nobody else; alone, a caller may have it all", () => {
    const limiter = filled(80, 7);
    for (const key of [8, 9]) for (let n = 0; n < 3; n++) limiter.begin(0, 1_000, key);
    expect(limiter.inFlight(0)).toBe(86);
    expect([7, 8, 9, 10].map((key) => limiter.refusal(2, key, 0))).toEqual(["share", undefined, undefined, undefined]);
    expect(filled(86, 7).refusal(2, 7, 0)).toBeUndefined();
  });
});

describe("an adaptive limit", () => {
  /** An upstream that works on `bears` calls at once for 20 ms each, always asked for more than the limit lets through. */
  const settle = (gradient: GradientLimit, bears: () => number, ms: number, from = 0): number => {
    let now = from;
    for (; now < from + ms; now += 5) {
      const inFlight = gradient.limit;
      const tookMs = 20 * Math.max(1, inFlight / bears());
      for (let n = 0; n < 5; n++) gradient.sample(tookMs, inFlight, now);
    }
    return now;
  };

  it("finds what an upstream bears, from below, and keeps calls from waiting long", () => {
    for (const bears of [30, 100, 400]) {
      const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
      settle(gradient, () => bears, 60_000);
      expect(gradient.limit / bears).toBeGreaterThan(0.3); // a probe may be under way
      expect(gradient.limit / bears).toBeLessThan(3);
    }
  });

  it("follows an upstream that bears less, and one that bears more", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
    let bears = 100;
    let now = settle(gradient, () => bears, 30_000);
    bears = 20;
    now = settle(gradient, () => bears, 60_000, now);
    expect(gradient.limit).toBeLessThan(60);
    bears = 200;
    settle(gradient, () => bears, 60_000, now);
    expect(gradient.limit).toBeGreaterThan(70);
  });

  it("grows with an upstream that is slow without being full", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
    const play = (tookMs: number, from: number): number => {
      let now = from;
      for (; now < from + 30_000; now += 10) gradient.sample(tookMs, gradient.limit, now);
      return now;
    };
    const now = play(20, 0);
    play(300, now);
    expect(gradient.baseMs).toBeGreaterThan(250);
    expect(gradient.limit).toBeGreaterThan(100);
  });

  it("lets calls be that take more than a second by themselves", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
    for (let now = 0; now < 120_000; now += 20) gradient.sample(now % 3_000 === 0 ? 20_000 : 5_000, 250, now);
    expect(gradient.limit).toBeGreaterThan(250);
  });

  it("stays within its bounds, and is a whole number, whatever it is told", () => {
    const sample = fc.tuple(
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: -50, max: 500 }),
    );
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 400 }), (samples) => {
        const gradient = new GradientLimit({ floor: 7, ceiling: 300 });
        let now = 1_000;
        for (const [tookMs, inFlight, laterMs] of samples) {
          now += laterMs; // clocks step back, too
          gradient.sample(tookMs, inFlight, now);
          expect(Number.isInteger(gradient.limit)).toBe(true);
          expect(gradient.limit).toBeGreaterThanOrEqual(7);
          expect(gradient.limit).toBeLessThanOrEqual(300);
        }
      }),
    );
  });
});

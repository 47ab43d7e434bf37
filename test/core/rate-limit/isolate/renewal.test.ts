// When a lease is renewed.
import { describe, expect, it } from "vitest";
import { DemandMeter } from "../../../../core/rate-limit/isolate/demand-meter.ts";
import { Renewal } from "../../../../core/rate-limit/isolate/renewal.ts";
import type { LeaseGrant } from "../../../../core/rate-limit/lease-messages.ts";

const GRANT: LeaseGrant = {
  ...{
    sequence: 1,
    tokens: 10,
    ratePerMs: 0.01,
    capacity: 10,
    lifetimeMs: 500,
    renewAfterMs: 200,
    pauseMs: 0,
    retryAfterMs: 0,
    poolTokens: 3,
  },
};
/** Calls every so many ms, the latest one at 10,000. */
const callsEvery = (ms: number): DemandMeter => {
  const demand = new DemandMeter();
  for (let at = 10_000 - 40 * ms; at <= 10_000; at += ms) demand.count(1, at);
  return demand;
};
const learned = (grant: Partial<LeaseGrant>, demand: DemandMeter, rttMs: number): Renewal => {
  const renewal = new Renewal();
  renewal.learn({ ...GRANT, ...grant }, 10_000, 10_000 + rttMs, demand);
  return renewal;
};

describe("a lease", () => {
  it("is renewed when the grant says so, and by no timer", () => {
    const demand = callsEvery(100);
    const renewal = learned({}, demand, 20);
    expect([renewal.isDue(10_219), renewal.isDue(10_220), renewal.dueInMs(10_020, demand)]).toEqual([false, true, undefined]);
    renewal.postpone(1_000, 10_000);
    expect([renewal.isDue(10_999), renewal.isDue(11_000)]).toEqual([false, true]);
  });

  it("without a rate is not renewed", () => {
    expect(learned({ ratePerMs: 0 }, callsEvery(100), 20).isDue(1e9)).toBe(false);
  });
});

describe("a lease of tokens that were lent ahead", () => {
  const isAhead = true;

  it("is renewed so early that one and a half round trips fit before its end, whether or not it has a rate", () => {
    const demand = callsEvery(200);
    for (const ratePerMs of [0, 0.01]) {
      const renewal = learned({ isAhead, ratePerMs }, demand, 80);
      expect(renewal.dueInMs(10_080, demand)).toBe(500 - 40 - 120 - 80);
      expect([renewal.isDue(10_339), renewal.isDue(10_340)]).toEqual([false, true]);
    }
    expect(learned({ isAhead }, demand, 400).isDue(10_400)).toBe(true);
  });

  it("is renewed by calls only, and by each of them, where they are rarer than leases last", () => {
    const [often, seldom] = [callsEvery(500), callsEvery(502)];
    expect(learned({ isAhead }, often, 80).dueInMs(10_080, often)).toBe(260);
    const renewal = learned({ isAhead }, seldom, 80);
    expect([renewal.isDue(10_080), renewal.dueInMs(10_080, seldom)]).toEqual([true, undefined]);
  });

  it("is left to its end a second after the latest call", () => {
    const demand = callsEvery(100);
    const renewal = new Renewal();
    renewal.learn({ ...GRANT, isAhead }, 10_950, 10_960, demand);
    expect(renewal.dueInMs(11_000, demand)).toBeGreaterThan(0);
    expect(renewal.dueInMs(11_001, demand)).toBeUndefined();
    const later = learned({ isAhead }, demand, 10);
    expect([later.dueInMs(10_499, demand), later.dueInMs(10_500, demand)]).toEqual([0, undefined]);
  });
});

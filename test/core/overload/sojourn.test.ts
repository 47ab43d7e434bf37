// The predicted time of a call: the calls before it, at the rate at which calls have ended.
import { describe, expect, it } from "vitest";
import { Sojourn } from "../../../core/overload/sojourn.ts";

describe("the first prediction", () => {
  it("comes with the tenth completed call", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(4, 0, 10);
    for (let n = 1; n <= 9; n++) sojourn.completed();
    expect(sojourn.predictedMs(50)).toBe(0);
    sojourn.completed();
    expect(sojourn.predictedMs(50)).toBeCloseTo(50 / 10, 9); // no call has been in flight for a whole period: one call at the rate of 10 in 50 ms
  });
});

describe("the predicted time", () => {
  it("is the time of the calls before it, at their rate", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(20, 0, 50);
    expect(sojourn.predictedMs(0)).toBe(0);
    for (let n = 1; n <= 20; n++) {
      sojourn.setInFlight(20, n * 50, 50); // one call ends, one begins
      sojourn.completed();
    }
    expect(sojourn.predictedMs(1_000)).toBeGreaterThan(0.8 * 21 * 50);
    expect(sojourn.predictedMs(1_000)).toBeLessThan(1.2 * 21 * 50);
    sojourn.setInFlight(0, 1_001, 50);
    expect(sojourn.predictedMs(1_001)).toBeLessThan(60);
  });
});

describe("older evidence", () => {
  /** One call in flight all the time, each taking `tookMs`. @returns the time at the end */
  const work = (sojourn: Sojourn, from: number, calls: number, tookMs: number): number => {
    for (let n = 1; n <= calls; n++) {
      sojourn.setInFlight(1, from + n * tookMs, 10);
      sojourn.completed();
    }
    return from + calls * tookMs;
  };

  it("stays while the host is idle", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(1, 0, 10);
    const busyUntil = work(sojourn, 0, 20, 50);
    sojourn.setInFlight(0, busyUntil, 10);
    expect(sojourn.predictedMs(busyUntil + 60_000)).toBeCloseTo(sojourn.predictedMs(busyUntil + 1), 9);
    expect(sojourn.predictedMs(busyUntil + 60_000)).toBeGreaterThan(40);
  });

  it("decays by a tenth with each 100 ms of busy time", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(1, 0, 10);
    let now = work(sojourn, 0, 100, 50);
    now = work(sojourn, now, 300, 10); // 3 s
    expect(sojourn.predictedMs(now)).toBeGreaterThan(2 * 10);
    expect(sojourn.predictedMs(now)).toBeLessThan(2 * 10 * 1.2);
    sojourn.setInFlight(1, now + 10_000, 10); // a single call takes 10 s
    expect(sojourn.predictedMs(now + 10_000)).toBe(0); // too few calls are left
  });

  it("starts anew in time where the clock steps back", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(1, 100_000, 10);
    work(sojourn, 0, 20, 50);
    expect(sojourn.predictedMs(1_000)).toBeGreaterThan(40);
    expect(sojourn.predictedMs(1_000)).toBeLessThan(120);
  });
});

describe("the least number of calls in flight", () => {
  /** Ten calls in flight, one of which ends every 50 ms, and one alone for a moment at `dipAt`. */
  const predicted = (baseMs: number, dipAt: number, at: number): number => {
    const sojourn = new Sojourn();
    for (let now = 0; now <= at; now += 50) {
      if (now === dipAt) sojourn.setInFlight(1, now, baseMs);
      sojourn.setInFlight(10, now, baseMs);
      sojourn.completed();
    }
    return sojourn.predictedMs(at);
  };

  it("is that of the last two periods of twice the base latency, of 100 ms at least and 2 s at most", () => {
    expect(predicted(10, 1_000, 1_050)).toBeLessThan(0.3 * predicted(10, -1, 1_050));
    expect(predicted(10, 1_000, 1_300)).toBeGreaterThan(0.9 * predicted(10, -1, 1_300));
    expect(predicted(200, 1_000, 1_300)).toBeLessThan(0.3 * predicted(200, -1, 1_300));
    expect(predicted(200, 1_000, 2_000)).toBeGreaterThan(0.9 * predicted(200, -1, 2_000));
    expect(predicted(60_000, 1_000, 4_500)).toBeGreaterThan(0.9 * predicted(60_000, -1, 4_500)); // and not for two minutes
  });
});

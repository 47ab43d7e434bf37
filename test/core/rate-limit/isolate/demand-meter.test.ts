// The demand that an isolate measures for one key.
import { describe, expect, it } from "vitest";
import { DemandMeter } from "../../../../core/rate-limit/isolate/demand-meter.ts";

const NOW = 1_000_000;

describe("the demand that a lease reports", () => {
  const reported = (meter: DemandMeter, atMs: number) => meter.read(NOW + atMs);

  it("of a first call is one a second, with what the newest step saw as its peak", () => {
    const meter = new DemandMeter();
    meter.count(5, NOW);
    expect(reported(meter, 0)).toEqual({ demandPerMs: 0.005, peakDemandPerMs: 0.1, isDemandSteady: false });
    expect(reported(meter, 49)).toEqual({ demandPerMs: 0.005, peakDemandPerMs: 0.1, isDemandSteady: false });
    expect(reported(meter, 50)).toEqual({ demandPerMs: 0.1, peakDemandPerMs: 0.05, isDemandSteady: false });
  });

  it("is the mean of what was spent, costs included", () => {
    const meter = new DemandMeter();
    for (let atMs = 0; atMs <= 2_000; atMs += 10) meter.count(2, NOW + atMs);
    const { demandPerMs, peakDemandPerMs, isDemandSteady } = reported(meter, 2_000);
    expect(demandPerMs).toBeCloseTo(0.2, 1);
    expect(peakDemandPerMs).toBeCloseTo(0.2, 1);
    expect(isDemandSteady).toBe(true);
  });

  it("is steady after a second without a gap of more than 500 ms", () => {
    const steady = (times: readonly number[], atMs = times.at(-1)!): boolean => {
      const meter = new DemandMeter();
      for (const time of times) meter.count(1, NOW + time);
      return reported(meter, atMs).isDemandSteady;
    };
    expect(steady([0, 500, 1_000])).toBe(true);
    expect(steady([0, 500, 999])).toBe(false);
    expect(steady([0, 501, 1_001])).toBe(false);
    expect(steady([0, 501, 1_001, 1_501])).toBe(true);
  });

  it("follows a change within some two seconds", () => {
    const meter = new DemandMeter();
    for (let atMs = 0; atMs < 10_000; atMs += 50) meter.count(5, NOW + atMs);
    expect(reported(meter, 10_000).demandPerMs).toBeCloseTo(0.1, 2);
    for (let atMs = 10_000; atMs < 12_000; atMs += 50) meter.count(50, NOW + atMs);
    const after = reported(meter, 11_950);
    expect(after.demandPerMs).toBeGreaterThan(0.1 + 0.9 * (1 - Math.exp(-1)) - 0.06);
    expect(after.demandPerMs).toBeLessThan(0.1 + 0.9 * (1 - Math.exp(-1)) + 0.06);
    expect(after.peakDemandPerMs).toBeCloseTo(1, 1);
  });

  it("of a young lease is a plain mean: an early burst is not forgotten before time has passed", () => {
    const meter = new DemandMeter();
    for (let atMs = 0; atMs <= 400; atMs += 100) meter.count(10, NOW + atMs);
    const { demandPerMs } = reported(meter, 400);
    expect(demandPerMs).toBeGreaterThan(0.1);
    expect(demandPerMs).toBeLessThan(0.15);
  });

  it("does not count a pause as demand of its next step", () => {
    const meter = new DemandMeter();
    meter.count(1, NOW);
    meter.count(100, NOW + 10_000);
    meter.count(1, NOW + 10_050);
    expect(reported(meter, 10_050).demandPerMs).toBeCloseTo(101 / 50, 9);
  });

  it("knows the mean time between two calls, of which a long one counts as 4 s", () => {
    const meter = new DemandMeter();
    expect(meter.meanCallGapMs).toBe(4_000);
    meter.count(5, NOW);
    expect([meter.meanCallGapMs, meter.lastAt]).toEqual([4_000, NOW]);
    meter.count(5, NOW + 200);
    expect([meter.meanCallGapMs, meter.lastAt]).toEqual([3_050, NOW + 200]);
    for (let atMs = 400; atMs <= 6_000; atMs += 200) meter.count(1, NOW + atMs);
    expect(meter.meanCallGapMs).toBeLessThan(201);
    meter.count(1, NOW + 60_000);
    expect(meter.meanCallGapMs).toBeGreaterThan(1_000);
    expect(meter.meanCallGapMs).toBeLessThan(1_200);
  });
});

// An adaptive limit: windows of samples, growth and decline, and probes of the base latency.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GradientLimit } from "../../../core/overload/gradient.ts";

/**
 * Runs calls that take `queuedMs` at the limit, and `unqueuedMs` during a probe.
 *
 * @param probedMs time of a call during the n-th probe
 * @param isKept   whether calls keep to the lowered limit
 * @returns the base latency at the end, the times startedAt one probe to the next, and the lengths of probes, ms
 */
function probes(unqueuedMs: number, queuedMs: number, forMs: number, probedMs = (_: number) => unqueuedMs, isKept = true) {
  const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
  for (let now = 0; now < 1_000; now += 10) gradient.sample(unqueuedMs, 2, now); // few calls in flight: the base latency
  const startedAt: number[] = [];
  const lengths: number[] = [];
  for (let now = 1_000; now < forMs; now += 10) {
    const wasProbing = gradient.isProbing;
    gradient.sample(wasProbing ? probedMs(startedAt.length) : queuedMs, wasProbing && !isKept ? 100 : gradient.limit, now);
    if (gradient.isProbing && !wasProbing) startedAt.push(now);
    if (!gradient.isProbing && wasProbing) lengths.push(now - startedAt.at(-1)!);
  }
  return { baseMs: gradient.baseMs, gaps: startedAt.map((at, index) => at - (startedAt[index - 1] ?? 1_000)), lengths };
}

describe("a probe", () => {
  it("comes early where latency is far above the base, and later each time that it finds nothing", () => {
    const { gaps, lengths } = probes(10, 100, 60_000);
    expect(gaps).toEqual([600, 1_200, 2_200, 4_200, 8_200, 10_200, 10_200, 10_200, 10_200]);
    expect(new Set(lengths)).toEqual(new Set([200]));
  });

  it("comes every ten seconds where calls queue a little", () => {
    expect(probes(10, 27, 60_000).gaps).toEqual([9_800, 10_200, 10_200, 10_200, 10_200]);
    expect(probes(10, 28, 60_000).gaps[0]).toBe(600); // more than 1.5 x (1.5 x 10 + 3)
  });

  it("lasts for two latencies, and at least 200 ms", () => {
    const { gaps, lengths } = probes(200, 1_000, 60_000);
    expect(gaps).toEqual([600, 3_000, 4_000, 6_000, 10_000, 12_000, 12_000]);
    expect(new Set(lengths)).toEqual(new Set([2_000]));
  });

  it("sets the base latency, and comes early again after it has found something", () => {
    const third = (ms: number) => probes(10, 100, 16_000, (count) => (count === 3 ? ms : 10));
    const soon = third(16);
    expect(soon.gaps.slice(0, 3)).toEqual([600, 1_200, 2_200]);
    expect(soon.gaps[3]).toBeLessThan(1_300);
    expect(third(15).gaps[3]).toBe(4_210); // no more than half above the base latency
    expect(probes(10, 100, 2_000, () => 16).baseMs).toBe(16);
  });

  it("ends after four seconds where calls do not keep to it, and learns nothing", () => {
    const { baseMs, lengths } = probes(10, 100, 20_000, () => 500, false);
    expect([baseMs, new Set(lengths)]).toEqual([10, new Set([4_000])]);
  });

  it("starts a new window where the clock steps back", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
    for (let n = 0; n < 10; n++) gradient.sample(10, 20, 50_000);
    for (let n = 0; n < 20; n++) gradient.sample(10, 20, 10_199 - n); // each is before the one that came last
    expect(gradient.baseMs).toBe(0);
    gradient.sample(10, 20, 10_379);
    expect(gradient.baseMs).toBe(0);
    gradient.sample(10, 20, 10_380);
    expect(gradient.baseMs).toBe(10);
  });
});

describe("a window of samples", () => {
  const endWindow = (gradient: GradientLimit, tookMs: number, inFlight: number, from: number, samples = 20): number => {
    for (let n = 0; n < samples; n++) gradient.sample(tookMs, inFlight, from + (n * 200) / (samples - 1));
    return from + 200;
  };

  it("ends after 200 ms and 20 samples, or after 2 s; the limit starts at 20 within its bounds", () => {
    expect([
      new GradientLimit({ floor: 4, ceiling: 100 }).limit,
      new GradientLimit({ floor: 30, ceiling: 100 }).limit,
      new GradientLimit({ floor: 4, ceiling: 9 }).limit,
    ]).toEqual([20, 30, 9]);
    const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
    for (let n = 0; n < 19; n++) gradient.sample(10, 20, n * 100);
    expect(gradient.baseMs).toBe(0);
    gradient.sample(10, 20, 1_900);
    expect(gradient.baseMs).toBe(10);
    const slow = new GradientLimit({ floor: 4, ceiling: 100 });
    slow.sample(10, 20, 0);
    slow.sample(10, 20, 1_999);
    expect(slow.baseMs).toBe(0);
    slow.sample(10, 20, 2_000);
    expect(slow.baseMs).toBe(10);
  });

  it("raises the limit by 1.5 before smoothing while calls do not queue, and halves it at most while they do", () => {
    const gradient = new GradientLimit({ floor: 1, ceiling: 1_000 });
    const at = endWindow(gradient, 100, 20, 0);
    expect(gradient.limit).toBe(24); // 20 + 0.4 x (30 - 20)
    endWindow(gradient, 1_000, 24, at + 1);
    expect(gradient.limit).toBe(Math.floor(24 + 0.4 * (24 * 0.5 + Math.sqrt(24) - 24)));
  });

  it("lowers a limit that is not reached by a hundredth", () => {
    const gradient = new GradientLimit({ floor: 1, ceiling: 1_000 });
    endWindow(gradient, 100, 6, 0); // below 0.35 of 20
    expect(gradient.limit).toBe(19); // 19.8
    expect(gradient.baseMs).toBe(100);
    expect(gradient.isProbing).toBe(false);
  });
});

describe("an adaptive limit", () => {
  /** An upstream that serves `capacity` calls at once in 20 ms each, always with more calls than the limit admits. */
  const settle = (gradient: GradientLimit, capacity: () => number, ms: number, from = 0): number => {
    let now = from;
    for (; now < from + ms; now += 5) {
      const inFlight = gradient.limit;
      const tookMs = 20 * Math.max(1, inFlight / capacity());
      for (let n = 0; n < 5; n++) gradient.sample(tookMs, inFlight, now);
    }
    return now;
  };

  it("finds the capacity of an upstream from below, and keeps queues short", () => {
    for (const capacity of [30, 100, 400]) {
      const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
      settle(gradient, () => capacity, 60_000);
      expect(gradient.limit / capacity).toBeGreaterThan(0.3); // a probe may be under way
      expect(gradient.limit / capacity).toBeLessThan(3);
    }
  });

  it("follows an upstream whose capacity falls, and rises", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
    let capacity = 100;
    let now = settle(gradient, () => capacity, 30_000);
    capacity = 20;
    now = settle(gradient, () => capacity, 60_000, now);
    expect(gradient.limit).toBeLessThan(60);
    capacity = 200;
    settle(gradient, () => capacity, 60_000, now);
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

  it("never falls for calls that take more than a second without queueing", () => {
    const gradient = new GradientLimit({ floor: 4, ceiling: 10_000 });
    for (let now = 0; now < 120_000; now += 20) gradient.sample(now % 3_000 === 0 ? 20_000 : 5_000, 250, now);
    expect(gradient.limit).toBeGreaterThan(250);
  });

  it("stays within its bounds, and is a whole number, whatever the samples are", () => {
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

it("follows a base latency that falls while the limit is reached", () => {
  const gradient = new GradientLimit({ floor: 4, ceiling: 20 });
  for (let n = 0; n <= 20; n++) gradient.sample(100, 20, n * 10);
  expect(gradient.baseMs).toBe(100);
  for (let n = 0; n < 20; n++) gradient.sample(60, 20, 210 + n * 10);
  expect(gradient.baseMs).toBeCloseTo(100 + 0.4 * (60 - 100), 9);
  for (let n = 0; n < 20; n++) gradient.sample(150, 20, 410 + n * 10); // latency that rises there may be queueing
  expect(gradient.baseMs).toBeCloseTo(84, 9);
});

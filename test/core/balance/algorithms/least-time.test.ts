// What is known of response times fades: towards the mean of all, and then to nothing.
import { describe, expect, it } from "vitest";
import { expectedTimes, leastTime } from "../../../../core/balance/algorithms/least-time.ts";
import type { Candidate } from "../../../../core/balance/balancer.ts";
import { Load } from "../../../../core/balance/load.ts";

/** @param tookMs of one response at `at`; undefined for an endpoint that was never called */
function candidate(tookMs: number | undefined, at = 0): Candidate {
  const load = new Load();
  if (tookMs !== undefined) load.end(load.begin(at, 9e9), at, tookMs);
  return { id: `${tookMs}`, weight: 1, load };
}
const fade = (of: readonly (number | undefined)[], now: number): number[] => [...expectedTimes(of.map((ms) => candidate(ms)))(now)];

describe("faded", () => {
  it("takes an endpoint that was never called for the mean of the others, and all for equal where none was called", () => {
    expect(fade([10, undefined, 30], 0)).toEqual([10, 20, 30]);
    expect(fade([undefined, undefined], 0)).toEqual([1, 1]);
    expect(fade([40], 0)).toEqual([40]);
    expect(fade([], 0)).toEqual([]);
  });

  it("takes nothing for more than 32 times the best", () => {
    expect(fade([10, 15_000], 0)).toEqual([10, 320]);
    expect(fade([10, 320], 0)).toEqual([10, 320]);
    expect(fade([10, 319], 0)).toEqual([10, 319]);
  });

  it("lets what is slower than the mean fade towards it in 15 s, and then to nothing; what is faster stays", () => {
    const mean = (10 + 310) / 2;
    for (const silentMs of [0, 1_000, 15_000, 15_001, 30_000, 60_000]) {
      const [fast, slow] = fade([10, 310], silentMs);
      expect(fast).toBe(10);
      const left = Math.exp(-Math.max(0, silentMs - 15_000) / 5_000);
      expect(slow).toBeCloseTo(mean * left + Math.exp(-silentMs / 15_000) * (310 - mean), 9);
    }
    expect(fade([10, 310], 120_000)[1]).toBeLessThan(1);
  });

  it("counts from when anything was last heard of the endpoint", () => {
    const ages = [candidate(10, 20_000), candidate(310, 20_000)];
    expect(expectedTimes(ages)(20_000)[1]).toBe(310);
    expect(expectedTimes(ages)(35_000)[1]).toBeCloseTo(160 + Math.exp(-1) * 150, 9);
  });

  it("is worked out anew for each question", () => {
    const candidates = [candidate(10), candidate(undefined)];
    const times = expectedTimes(candidates);
    expect([...times(0)]).toEqual([10, 10]);
    const { load } = candidates[1]!;
    load.end(load.begin(0, 9e9), 0, 4);
    expect([...times(0)]).toEqual([10, 4]);
  });
});

it("begins at a place given by chance, so that isolates that know nothing do not all call the first one", () => {
  const balancer = leastTime([candidate(undefined), candidate(undefined), candidate(undefined)]);
  const pick = (roll: number): number => balancer.pick({ key: 0, now: 0, rng: () => roll, isEligible: () => true });
  expect([0, 0.4, 0.99].map(pick)).toEqual([0, 1, 2]);
});

// Expected response times fade: towards the mean of all, and then to nothing.
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
const expectedOf = (times: readonly (number | undefined)[], now: number): number[] => [
  ...expectedTimes(times.map((ms) => candidate(ms)))(now),
];

describe("expectedTimes", () => {
  it("takes the mean of the others for an endpoint that was never called, and 1 for all where none was called", () => {
    expect(expectedOf([10, undefined, 30], 0)).toEqual([10, 20, 30]);
    expect(expectedOf([undefined, undefined], 0)).toEqual([1, 1]);
    expect(expectedOf([40], 0)).toEqual([40]);
    expect(expectedOf([], 0)).toEqual([]);
  });

  it("limits every time to 32 times the best", () => {
    expect(expectedOf([10, 15_000], 0)).toEqual([10, 320]);
    expect(expectedOf([10, 320], 0)).toEqual([10, 320]);
    expect(expectedOf([10, 319], 0)).toEqual([10, 319]);
  });

  it("fades times above the mean towards it in 15 s, and then to nothing; faster ones stay", () => {
    const mean = (10 + 310) / 2;
    for (const silentMs of [0, 1_000, 15_000, 15_001, 30_000, 60_000]) {
      const [fast, slow] = expectedOf([10, 310], silentMs);
      expect(fast).toBe(10);
      const left = Math.exp(-Math.max(0, silentMs - 15_000) / 5_000);
      expect(slow).toBeCloseTo(mean * left + Math.exp(-silentMs / 15_000) * (310 - mean), 9);
    }
    expect(expectedOf([10, 310], 120_000)[1]).toBeLessThan(1);
  });

  it("fades from the last response or report of the endpoint", () => {
    const ages = [candidate(10, 20_000), candidate(310, 20_000)];
    expect(expectedTimes(ages)(20_000)[1]).toBe(310);
    expect(expectedTimes(ages)(35_000)[1]).toBeCloseTo(160 + Math.exp(-1) * 150, 9);
  });

  it("is computed again for each pick", () => {
    const candidates = [candidate(10), candidate(undefined)];
    const times = expectedTimes(candidates);
    expect([...times(0)]).toEqual([10, 10]);
    const { load } = candidates[1]!;
    load.end(load.begin(0, 9e9), 0, 4);
    expect([...times(0)]).toEqual([10, 4]);
  });
});

it("begins at a random candidate, so that new isolates do not all call the first one", () => {
  const balancer = leastTime([candidate(undefined), candidate(undefined), candidate(undefined)]);
  const pick = (random: number): number => balancer.pick({ key: 0, now: 0, rng: () => random, isEligible: () => true });
  expect([0, 0.4, 0.99].map(pick)).toEqual([0, 1, 2]);
});

// Expected response times fade: towards the mean of all, and then to nothing.
import { describe, expect, it } from "vitest";
import { expectedTimes, leastTime, MAX_COMPARED } from "../../../../core/balance/algorithms/least-time.ts";
import type { Candidate } from "../../../../core/balance/balancer.ts";
import { Load } from "../../../../core/balance/load.ts";
import { randomStream } from "../../../simulation/simulation.ts";

/** @param tookMs of one response at `at`; undefined for an endpoint that was never called */
function candidate(tookMs: number | undefined, at = 0): Candidate {
  const load = new Load();
  if (tookMs !== undefined) load.end(load.begin(at, 9e9), at, tookMs);
  return { id: `${tookMs}`, weight: 1, load };
}
const all = (candidates: readonly Candidate[]): Uint32Array => Uint32Array.from(candidates.keys());
const expectedOf = (times: readonly (number | undefined)[], now: number): number[] => {
  const candidates = times.map((ms) => candidate(ms));
  return [...expectedTimes(candidates)(now, all(candidates))];
};

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
    expect(expectedTimes(ages)(20_000, all(ages))[1]).toBe(310);
    expect(expectedTimes(ages)(35_000, all(ages))[1]).toBeCloseTo(160 + Math.exp(-1) * 150, 9);
  });

  it("is computed again for each pick", () => {
    const candidates = [candidate(10), candidate(undefined)];
    const times = expectedTimes(candidates);
    expect([...times(0, all(candidates))]).toEqual([10, 10]);
    const { load } = candidates[1]!;
    load.end(load.begin(0, 9e9), 0, 4);
    expect([...times(0, all(candidates))]).toEqual([10, 4]);
  });
});

it("gives the times of the listed candidates, in their order, with the mean of these", () => {
  const candidates = [10, 20, undefined, 60].map((ms) => candidate(ms));
  const times = expectedTimes(candidates);
  expect([...times(0, new Uint32Array([3, 2, 1]))]).toEqual([60, 40, 20]);
  expect([...times(0, new Uint32Array([2, 0]))]).toEqual([10, 10]);
  expect([...times(0, all(candidates))]).toEqual([10, 20, 30, 60]);
});

describe("of more candidates than are compared", () => {
  const count = 1_000;
  const draws = randomStream(7);
  const input = (isEligible: (index: number) => boolean = () => true) => ({ key: 0, now: 0, rng: draws, isEligible });

  it.each([1, 2, 10, 100])("the best %d of a hundred parts get nearly all calls", (percent) => {
    const balancer = leastTime(Array.from({ length: count }, (_, index) => candidate(index < percent * 10 ? 10 : 100)));
    const picks = Array.from({ length: 4_000 }, () => balancer.pick(input()));
    const best = picks.filter((index) => index < percent * 10).length / picks.length;
    const promised = 1 - (1 - percent / 100) ** MAX_COMPARED; // one of those drawn is among the best
    expect(Math.abs(best - promised)).toBeLessThan(0.03);
  });

  it("all get calls while all are alike", () => {
    const balancer = leastTime(Array.from({ length: count }, () => candidate(undefined)));
    expect(new Set(Array.from({ length: 20_000 }, () => balancer.pick(input()))).size).toBe(count);
  });

  it("the only eligible one is found, and none where there is none", () => {
    const balancer = leastTime(Array.from({ length: count }, () => candidate(10)));
    for (const only of [0, 500, 999]) expect(balancer.pick(input((index) => index === only))).toBe(only);
    expect(balancer.pick(input(() => false))).toBe(-1);
  });

  it.each([MAX_COMPARED, MAX_COMPARED + 1, 100, count])("a pick of %d reads no more times than it compares", (length) => {
    let reads = 0;
    class CountedLoad extends Load {
      override expectedMs(now: number): number {
        reads += 1;
        return super.expectedMs(now);
      }
    }
    const balancer = leastTime(Array.from({ length }, (_, index) => ({ id: `${index}`, weight: 1, load: new CountedLoad() })));
    expect(balancer.pick(input())).toBeGreaterThanOrEqual(0);
    expect(reads).toBe(MAX_COMPARED);
  });
});

it("begins at a random candidate, so that new isolates do not all call the first one", () => {
  const balancer = leastTime([candidate(undefined), candidate(undefined), candidate(undefined)]);
  const pick = (random: number): number => balancer.pick({ key: 0, now: 0, rng: () => random, isEligible: () => true });
  expect([0, 0.4, 0.99].map(pick)).toEqual([0, 1, 2]);
});

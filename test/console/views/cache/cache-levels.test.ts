// Figures of the cache: hits, and what served them.
import { expect, it } from "vitest";
import { hitRatio, lookups, sharesOf, togetherOf } from "../../../../console/src/views/cache/cache-levels.ts";

const NONE = { l1Hits: 0n, l2Hits: 0n, staleHits: 0n, misses: 0n };

it("counts a stale response as a hit", () => {
  const counts = { l1Hits: 50n, l2Hits: 20n, staleHits: 5n, misses: 25n };
  expect([lookups(counts), hitRatio(counts)]).toEqual([100, 0.75]);
  expect(sharesOf(counts).map(({ name, value }) => [name, value])).toEqual([
    ["L1", 50],
    ["L2", 20],
    ["stale", 5],
    ["miss", 25],
  ]);
});

it("has no ratio above 0 without calls, and adds up routes", () => {
  expect([lookups(NONE), hitRatio(NONE)]).toEqual([0, 0]);
  expect(togetherOf([])).toEqual(NONE);
  expect(
    togetherOf([
      { ...NONE, l1Hits: 2n },
      { ...NONE, l1Hits: 3n, misses: 1n },
    ]),
  ).toEqual({ ...NONE, l1Hits: 5n, misses: 1n });
});

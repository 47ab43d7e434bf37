// Hit ratios of the stores on reproducible traces, compared with the library lru-cache.
import { LRUCache } from "lru-cache";
import { expect, it } from "vitest";
import { STORES } from "../../core/cache/store/stores.ts";
import type { StoreName } from "../../core/config/cache.ts";
import { driftTrace, hitPercent, scanTrace, type Trace, zipfTrace } from "../support/cache-traces.ts";

const SHAPE = { count: 100_000, length: 1_000_000, seed: 7 };

function ours(name: StoreName, trace: Trace, maxEntries: number): number {
  const store = STORES[name]<number>({ maxEntries, maxBytes: Number.MAX_SAFE_INTEGER });
  return hitPercent(
    trace,
    (key) => store.get(key, 0) !== undefined,
    (key) => store.set(key, 1, 1, Number.POSITIVE_INFINITY, 0),
  );
}

function library(trace: Trace, max: number): number {
  const cache = new LRUCache<string, number>({ max });
  return hitPercent(
    trace,
    (key) => cache.get(key) !== undefined,
    (key) => void cache.set(key, 1),
  );
}

it.each([
  { name: "zipf 0.9", trace: () => zipfTrace(SHAPE, 0.9) },
  { name: "scans", trace: () => scanTrace(SHAPE) },
  { name: "fast drift", trace: () => driftTrace(SHAPE, 10) },
  { name: "drift", trace: () => driftTrace(SHAPE, 30) },
])("lru has the hit ratio of lru-cache, to a tenth of a point: $name", ({ trace: make }) => {
  const trace = make();
  for (const size of [1_000, 10_000]) {
    const [own, other] = [ours("lru", trace, size), library(trace, size)];
    expect(other).toBeGreaterThan(10);
    expect(Math.abs(own - other)).toBeLessThanOrEqual(0.1);
  }
});

it("s3-fifo has at least 5 points more than lru on zipf 0.9 with room for a tenth of the keys", () => {
  const trace = zipfTrace(SHAPE, 0.9);
  expect(ours("s3-fifo", trace, 10_000) - ours("lru", trace, 10_000)).toBeGreaterThanOrEqual(5);
});

it("s3-fifo has little less than lru where popularity drifts, and more where scans pass", () => {
  const [drift, scan] = [driftTrace(SHAPE, 30), scanTrace(SHAPE)];
  expect(ours("s3-fifo", drift, 10_000) - ours("lru", drift, 10_000)).toBeGreaterThan(-2.5);
  expect(ours("s3-fifo", scan, 10_000) - ours("lru", scan, 10_000)).toBeGreaterThanOrEqual(5);
});

// What has served the calls of a route with a cache.
import type { CacheTraffic } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import type { Share } from "../../components/share.ts";

export type CacheCounts = Pick<CacheTraffic, "l1Hits" | "l2Hits" | "staleHits" | "misses">;

export const LEVELS = [
  { name: "L1", color: 1 },
  { name: "L2", color: 6 },
  { name: "stale", color: 2 },
  { name: "miss", color: "none" },
] as const satisfies readonly Omit<Share, "value">[];

export function lookups({ l1Hits, l2Hits, staleHits, misses }: CacheCounts): number {
  return Number(l1Hits + l2Hits + staleHits + misses);
}

/** @returns 0 to 1; 0 without calls. A stale response is a hit: the caller did not wait for the upstream. */
export function hitRatio(counts: CacheCounts): number {
  const all = lookups(counts);
  return all === 0 ? 0 : 1 - Number(counts.misses) / all;
}

export function togetherOf(caches: readonly CacheCounts[]): CacheCounts {
  const sums = { l1Hits: 0n, l2Hits: 0n, staleHits: 0n, misses: 0n };
  for (const { l1Hits, l2Hits, staleHits, misses } of caches) {
    sums.l1Hits += l1Hits;
    sums.l2Hits += l2Hits;
    sums.staleHits += staleHits;
    sums.misses += misses;
  }
  return sums;
}

export function sharesOf({ l1Hits, l2Hits, staleHits, misses }: CacheCounts): readonly Share[] {
  return [l1Hits, l2Hits, staleHits, misses].map((value, at) => ({ ...LEVELS[at]!, value: Number(value) }));
}

// Which Durable Object holds a bucket: a shard of the region, or one for the whole world.
import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import { hash32 } from "../../../core/hash.ts";
import { FIRST_LENDERS, isLentOverRegions } from "../../../core/rate-limit/region/over-regions.ts";
import type { TokenBuckets } from "../../../durable-objects/token-buckets.ts";
import { currentRegion } from "../region/isolate-region.ts";
import { regionalObject } from "../region/regional-object.ts";
import { type Charge, isShared } from "./rate-limiter.ts";

/** The shard that has the buckets of some keys, or that lends them on. */
export interface BucketObject {
  readonly name: string; // one per object, and root
  readonly root?: string; // name of the shard that has the buckets, where the object only lends them on
  /** Made for each message: after an error, a stub stays broken. */
  stub(): DurableObjectStub<TokenBuckets>;
}

/**
 * The object that has a bucket.
 *
 * @param shards of each region, and of the world; another number starts all buckets full
 * @param scope  `region`: a key has a bucket in each region from which its calls come; `world`: one
 */
export function bucketObject(
  buckets: DurableObjectNamespace<TokenBuckets>,
  shards: number,
  { scope }: Pick<RateLimitRule, "scope">,
  key: string,
): BucketObject {
  const shard = `shard-${hash32(key) % shards}`;
  if (scope === "world") return { name: `root/${shard}`, stub: () => buckets.getByName(`root/${shard}`) };
  const region = currentRegion();
  return { name: `${region}/${shard}`, stub: () => regionalObject(buckets, region, shard) };
}

/** Whether isolates lease a bucket from objects of their region, which lease it from the shard that has it: docs/lease-tree.md. */
export function isLentOn({ rule, limit }: Pick<Charge, "rule" | "limit">): boolean {
  return rule.scope === "world" && isShared(rule) && isLentOverRegions(limit);
}

/**
 * An object of the isolate's region that lends on the buckets of a root shard.
 *
 * @param lenders objects among which to choose; 0 where no grant has said how many there are
 */
export function lendingObject(
  buckets: DurableObjectNamespace<TokenBuckets>,
  shards: number,
  { rule, key }: Pick<Charge, "rule" | "key">,
  isolate: string,
  lenders: number,
): BucketObject {
  const { name: root } = bucketObject(buckets, shards, rule, key);
  const region = currentRegion();
  const own = lenderName(root, isolate, lenders);
  return { name: `${region}/${own} of ${root}`, root, stub: () => regionalObject(buckets, region, own) };
}

function lenderName(root: string, isolate: string, lenders: number): string {
  if (lenders === 0) return `first-${hash32(isolate) % FIRST_LENDERS}`;
  const number = hash32(isolate) % lenders;
  const shard = root.slice(root.indexOf("/") + 1);
  return number === 0 ? shard : `${shard}.${number}`;
}

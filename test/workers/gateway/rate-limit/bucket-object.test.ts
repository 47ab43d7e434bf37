// Which Durable Object holds a bucket.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { RateLimitRule } from "../../../../core/config/rate-limit.ts";
import type { TokenBuckets } from "../../../../durable-objects/token-buckets.ts";
import { bucketObject, isLentOn, lendingObject } from "../../../../workers/gateway/rate-limit/bucket-object.ts";
import * as isolateRegion from "../../../../workers/gateway/region/isolate-region.ts";

const namespace = () => {
  const requested: unknown[][] = [];
  const buckets = {
    getByName(...args: unknown[]) {
      requested.push(args);
      return env.TOKEN_BUCKET.getByName(String(args[0]));
    },
  } as unknown as DurableObjectNamespace<TokenBuckets>;
  return { requested, buckets };
};

it("is a shard of the isolate's region, created there", () => {
  const { requested, buckets } = namespace();
  const region = isolateRegion.currentRegion();
  const object = bucketObject(buckets, 16, { scope: "region" }, "rule/ip:192.0.2.1");
  expect(object.name).toMatch(new RegExp(`^${region}/shard-\\d+$`));
  object.stub();
  object.stub();
  expect(requested.map(([name]) => name)).toEqual([object.name, object.name]); // a new stub for each message
});

it("is one shard for the world, whatever the region, where the rule says so", () => {
  const { requested, buckets } = namespace();
  const object = bucketObject(buckets, 16, { scope: "world" }, "rule/ip:192.0.2.1");
  expect(object.name).toMatch(/^root\/shard-\d+$/);
  object.stub();
  expect(requested).toEqual([[object.name]]); // without a location hint: near its first caller
  vi.restoreAllMocks();
});

it("spreads keys over the shards, and always finds the same one for a key", () => {
  const { buckets } = namespace();
  const names = new Set(Array.from({ length: 200 }, (_, n) => bucketObject(buckets, 8, { scope: "world" }, `rule/${n}`).name));
  expect(names.size).toBe(8);
  expect(bucketObject(buckets, 8, { scope: "world" }, "rule/7").name).toBe(bucketObject(buckets, 8, { scope: "world" }, "rule/7").name);
});

const SPLIT = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
const rule = (kind: string, scope: string) => ({ key: { kind }, scope }) as RateLimitRule;

it("lends on, in each region, what all callers of the world share, if the limit is large enough", () => {
  const kinds = ["all", "route", "ip", "principal"].map((kind) => isLentOn({ rule: rule(kind, "world"), limit: SPLIT }));
  expect(kinds).toEqual([true, true, false, false]);
  expect(isLentOn({ rule: rule("all", "region"), limit: SPLIT })).toBe(false);
  expect(isLentOn({ rule: rule("all", "world"), limit: { ...SPLIT, rate: 159 } })).toBe(false);
});

it("lends on from objects of the region, chosen by the isolate: before it knows their number, from one of 16", () => {
  const { requested, buckets } = namespace();
  const region = isolateRegion.currentRegion();
  const lender = (isolate: string, lenders: number) => {
    const object = lendingObject(buckets, 16, { rule: rule("all", "world"), key: "rule/*" }, isolate, lenders);
    object.stub();
    return { ...object, own: String(requested.at(-1)![0]) };
  };
  const { name: root } = bucketObject(buckets, 16, { scope: "world" }, "rule/*");
  const shard = root.slice("root/".length);
  const isolates = Array.from({ length: 300 }, (_, n) => `isolate-${n}`);
  const objectsOf = (lenders: number) => new Set(isolates.map((isolate) => lender(isolate, lenders).own));
  expect(lender("a", 1)).toMatchObject({ root, own: `${region}/${shard}` });
  expect(objectsOf(4)).toEqual(new Set([shard, `${shard}.1`, `${shard}.2`, `${shard}.3`].map((own) => `${region}/${own}`)));
  expect(objectsOf(0)).toEqual(new Set(Array.from({ length: 16 }, (_, n) => `${region}/first-${n}`)));
  expect(new Set(isolates.map((isolate) => lender(isolate, 4).name)).size).toBe(4); // one message for each
});

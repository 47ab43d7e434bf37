// The KV driver: the minimum times of KV, and the age of copies in a location.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { encodeBlock } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { type CacheNamespace, kv } from "../../../../../workers/gateway/cache/l2/kv.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const NOW = Date.now();

/** The namespace of workerd, which records the options of reads and writes. */
function recording() {
  const calls: unknown[] = [];
  const namespace: CacheNamespace = {
    put: async (key: string, value: never, options: KVNamespacePutOptions = {}) => {
      calls.push(options.expirationTtl);
      await env.CACHE.put(key, value, options);
    },
    getWithMetadata: (key, options) => {
      calls.push(options);
      return env.CACHE.getWithMetadata(key, options);
    },
  };
  return { calls, namespace };
}

it.each([
  [2_500, 60],
  [60_000, 60],
  [60_001, 61],
  [600_001, 601],
])("keeps a block that lives for %d ms for %d s, at least KV's minimum", async (lifeMs, seconds) => {
  const { calls, namespace } = recording();
  const times = { freshUntil: NOW, staleUntil: NOW, staleIfErrorUntil: NOW + lifeMs };
  await kv(namespace).write("0.minimum", encodeBlock(storedResponse("a", NOW, times)), NOW);
  expect(calls).toEqual([seconds]);
});

it.each([
  [undefined, 30],
  [1, 30],
  [90.5, 90],
])("reads with a copy of at most %s s in the location: cacheTtl %d", async (cachedForS, cacheTtl) => {
  const { calls, namespace } = recording();
  expect(await kv(namespace, cachedForS).read("0.missing")).toBeUndefined();
  expect(calls).toEqual([{ type: "arrayBuffer", cacheTtl }]);
});

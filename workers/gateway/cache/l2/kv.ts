// The shared level in Workers KV: one namespace for all isolates, in all places, within its rules for lives.
import { type L2Block, lifeMs } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

/** What is used of a namespace. */
export type CacheNamespace = Pick<KVNamespace, "put"> & {
  getWithMetadata(
    key: string,
    options: { type: "arrayBuffer"; cacheTtl: number },
  ): Promise<{ value: ArrayBuffer | null; metadata: unknown }>;
};

const LEAST_CACHED_S = 30; // KV's minimum for `cacheTtl`; a place keeps an absence as long as a value
const LEAST_LIFE_S = 60; // KV's minimum for `expirationTtl`

/** @param cachedForS how long a place may answer from its own copy; raised to KV's minimum */
export function kv(namespace: CacheNamespace, cachedForS = LEAST_CACHED_S): L2Driver {
  const cacheTtl = Math.max(LEAST_CACHED_S, Math.floor(cachedForS));
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      const { value, metadata } = await namespace.getWithMetadata(id, { type: "arrayBuffer", cacheTtl });
      return value === null ? undefined : { buffer: value, metadata };
    },
    write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      const expirationTtl = Math.max(LEAST_LIFE_S, Math.ceil(lifeMs(metadata, now) / 1_000));
      return namespace.put(id, bytes, { expirationTtl, metadata });
    },
  };
}

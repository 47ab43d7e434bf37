// L2 driver for Workers KV: one namespace for all isolates in all locations, with KV's minimum times.
import { countKvRead, countKvWrite } from "../../background/cost-meters.ts";
import { type L2Block, lifeMs } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

/** The part of a KV namespace that the driver uses. */
export type CacheNamespace = Pick<KVNamespace, "put"> & {
  getWithMetadata(
    key: string,
    options: { type: "arrayBuffer"; cacheTtl: number },
  ): Promise<{ value: ArrayBuffer | null; metadata: unknown }>;
};

const MIN_CACHE_TTL_S = 30; // KV's minimum for `cacheTtl`; a location caches a missing key for as long as a value
const MIN_EXPIRATION_TTL_S = 60; // KV's minimum for `expirationTtl`

/** @param cachedForS time for which a location may respond from its own copy; raised to KV's minimum */
export function kv(namespace: CacheNamespace, cachedForS = MIN_CACHE_TTL_S): L2Driver {
  const cacheTtl = Math.max(MIN_CACHE_TTL_S, Math.floor(cachedForS));
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      countKvRead("CACHE");
      const { value, metadata } = await namespace.getWithMetadata(id, { type: "arrayBuffer", cacheTtl });
      return value === null ? undefined : { buffer: value, metadata };
    },
    write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      const expirationTtl = Math.max(MIN_EXPIRATION_TTL_S, Math.ceil(lifeMs(metadata, now) / 1_000));
      countKvWrite("CACHE");
      return namespace.put(id, bytes, { expirationTtl, metadata });
    },
  };
}

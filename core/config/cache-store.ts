// What an isolate may keep of answers, as an operator writes it.

import { DEFAULT_STORE_LIMITS } from "../cache/store/store.ts";
import { STORES, type StoreName } from "../cache/store/stores.ts";
import { type Checks, join } from "./problems.ts";

export interface CacheStoreInput {
  /** Answers in an isolate, of all routes together. Default 10 000 (C3). */
  readonly maxEntries?: number;
  /** What they may occupy. Default 16 777 216 bytes. */
  readonly maxBytes?: number;
  /** Partitions, so that a busy route can't push out what another one keeps. Default 16 (C3). */
  readonly shards?: number;
  /** Which answer goes where there is no room. Default "lru". */
  readonly store?: StoreName;
  /** How long a call waits for the shared level before it goes to the upstream. Default 50 ms. */
  readonly l2WaitMs?: number;
}

export interface CacheStorePolicy {
  readonly limits: { readonly maxEntries: number; readonly maxBytes: number };
  readonly shards: number;
  readonly store: StoreName;
  readonly l2WaitMs: number;
}

const FIELDS = ["maxEntries", "maxBytes", "shards", "store", "l2WaitMs"];

export function parseCacheStore(check: Checks, path: string, value: unknown): CacheStorePolicy {
  const fields = check.fields(path, value, FIELDS);
  const number = (name: keyof CacheStoreInput, min: number, max: number, fallback: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback, unit });
  return {
    limits: {
      maxEntries: number("maxEntries", 1, 1_000_000, DEFAULT_STORE_LIMITS.maxEntries, "entries"),
      maxBytes: number("maxBytes", 65_536, 100 * 1_048_576, DEFAULT_STORE_LIMITS.maxBytes, "bytes"),
    },
    shards: number("shards", 1, 256, 16, "partitions"),
    store: check.oneOf(join(path, "store"), fields["store"], Object.keys(STORES) as StoreName[], "lru"),
    l2WaitMs: number("l2WaitMs", 1, 60_000, 50, "ms"),
  };
}

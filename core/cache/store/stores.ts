// The eviction policies by name. A new policy is one file and one line here.
import type { StoreName } from "../../config/cache.ts";
import { Lru } from "./lru.ts";
import { S3Fifo } from "./s3-fifo.ts";
import type { Store, StoreLimits } from "./store.ts";

export const STORES: Readonly<Record<StoreName, <V>(limits: StoreLimits) => Store<V>>> = {
  lru: (limits) => new Lru(limits),
  "s3-fifo": (limits) => new S3Fifo(limits),
};

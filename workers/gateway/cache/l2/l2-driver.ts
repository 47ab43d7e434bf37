// L2: the cache level that isolates share. What the gateway needs of it, and what a driver for a storage product provides.
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { L2Block } from "./codec.ts";

export interface L2 {
  /** Never throws, and responds within `waitMs`. @param key key of the lookup */
  get(key: string, now: number, waitMs: number): Promise<StoredResponse | undefined>;
  /**
   * Offers a response: when it was fetched, and once more with its first hit, because then it was requested twice.
   * Returns at once and never throws. A write continues in the background.
   */
  put(key: string, stored: StoredResponse, now: number): void;
}

/** Storage for blocks. It may throw or be slow: `L2Cache` handles both. */
export interface L2Driver {
  /** @param id at most 60 characters of base64url and a dot */
  read(id: string): Promise<UncheckedBlock | undefined>;
  write(id: string, block: L2Block, now: number): Promise<void>;
}

/** A block as it was read. The storage is shared, so its content is checked by `decodeBlock`. */
export interface UncheckedBlock {
  readonly buffer: ArrayBuffer;
  readonly metadata: unknown;
}

// The store of one isolate: bounded in entries and in bytes, without timers.
// A timer belongs to the request that set it and ends with it on Workers. So an entry expires when it is looked up.

export interface Store<V> {
  /** @param now epoch ms; from `keepUntil` on the entry is not found, and its room is free */
  get(key: string, now: number): V | undefined;
  /**
   * Evicts entries where there is no room. An entry larger than the store is not stored, and the one that it would replace is removed.
   *
   * @param bytes     memory that the entry occupies, key included; at least 1
   * @param keepUntil epoch ms; where it has passed already, nothing is stored
   */
  set(key: string, value: V, bytes: number, keepUntil: number, now: number): void;
  /** Evicts entries until at most `maxBytes` are left, as if there were no room. */
  shrinkTo(maxBytes: number, now: number): void;
  /** Other limits from now on. Entries above them stay until the next `set` or `trim`. */
  resize(limits: StoreLimits): void;
  /** Evicts what is above the limits. */
  trim(now: number): void;
  delete(key: string): boolean;
  clear(): void;
  readonly size: number; // entries, expired ones included until they are looked up or evicted
  readonly bytes: number; // memory of these entries
}

export interface StoreLimits {
  readonly maxEntries: number; // in [1, 2^24]
  readonly maxBytes: number; // in [1, 2^53)
}

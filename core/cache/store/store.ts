// What keeps cached answers in an isolate: bounded in entries and in bytes, and without a timer.
// Timers belong to the request that set them and die with it on Workers: an entry expires when somebody looks at it.

export interface Store<V> {
  /** @param now epoch ms; at `keepUntil` and later the entry is not there, and its room is free */
  get(key: string, now: number): V | undefined;
  /**
   * Makes room where there is none. An entry that is larger than the store is not kept, and neither is the one it would replace.
   *
   * @param bytes     what the entry occupies, key included; at least 1
   * @param keepUntil epoch ms; one that has passed already keeps nothing
   */
  set(key: string, value: V, bytes: number, keepUntil: number, now: number): void;
  delete(key: string): boolean;
  clear(): void;
  readonly size: number; // entries, expired ones that nobody has looked at among them
  readonly bytes: number; // of them
}

export interface StoreLimits {
  readonly maxEntries: number; // [1, 2^24]
  readonly maxBytes: number; // [1, 2^53)
}

export const DEFAULT_STORE_LIMITS: StoreLimits = { maxEntries: 10_000, maxBytes: 16 * 1_048_576 };

// The shared level behind an isolate's own: what the cache asks of it, and what a driver has to bring.
import type { Entry } from "../../../../core/cache/entry.ts";
import type { Spared } from "../../../../core/cache/store/l2-admission.ts";
import type { Block } from "./codec.ts";

export interface L2 {
  /** Never throws, and takes no longer than the level's deadline. @param key as the isolate's own level knows it */
  get(key: string, now: number): Promise<Entry | undefined>;
  /**
   * Offers an entry: when it has been fetched, and once more with its first hit, for then it has been asked for twice.
   * Returns at once, and never throws: what is written is written behind the answer.
   */
  put(key: string, entry: Entry, now: number): void;
}

/** A place that keeps blocks by id. It may throw, and take its time: `SharedLevel` sees to that. */
export interface Driver {
  read(id: string): Promise<Found | undefined>;
  write(id: string, block: Block, now: number): Promise<void>;
}

export interface Found {
  readonly buffer: ArrayBuffer;
  readonly metadata: unknown;
}

/** What became of reads and writes, since the isolate started. */
export type Count =
  | "hit"
  | "miss"
  | "expired"
  | "other_version"
  | "corrupt"
  | "slow" // not read within the deadline
  | "failed" // to read
  | "rested" // neither read nor written, after failures in a row
  | "not_ready" // not read: no purges have been heard yet
  | "written"
  | "write_failed"
  | "purged" // before it could be written
  | Spared; // not worth a write

export type Counts = Readonly<Record<Count, number>>;

/** No shared level. */
export const NONE: L2 = { get: () => Promise.resolve(undefined), put: () => undefined };

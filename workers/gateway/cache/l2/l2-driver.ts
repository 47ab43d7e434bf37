// The shared level behind an isolate's own: what the cache asks of it, and what a driver has to bring.

import type { SkippedWrite } from "../../../../core/cache/store/l2-admission.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { L2Block } from "./codec.ts";

export interface L2 {
  /** Never throws, and takes no longer than the level's deadline. @param key as the isolate's own level knows it */
  get(key: string, now: number): Promise<StoredResponse | undefined>;
  /**
   * Offers an entry: when it has been fetched, and once more with its first hit, for then it has been asked for twice.
   * Returns at once, and never throws: what is written is written behind the answer.
   */
  put(key: string, entry: StoredResponse, now: number): void;
}

/** A place that keeps blocks by id. It may throw, and take its time: `SharedLevel` sees to that. */
export interface L2Driver {
  read(id: string): Promise<UncheckedBlock | undefined>;
  write(id: string, block: L2Block, now: number): Promise<void>;
}

export interface UncheckedBlock {
  readonly buffer: ArrayBuffer;
  readonly metadata: unknown;
}

/** What became of reads and writes, since the isolate started. */
export type L2Outcome =
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
  | SkippedWrite; // not worth a write

export type L2Counts = Readonly<Record<L2Outcome, number>>;

/** No shared level. */
export const NO_L2: L2 = { get: () => Promise.resolve(undefined), put: () => undefined };

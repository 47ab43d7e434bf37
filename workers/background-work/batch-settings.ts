// Options of a batch processor, their defaults, and the checks of both.
import type { BatchQueueSettings } from "../../core/background-work/batch-queue.ts";
import type { FailureAction, LostItems } from "../../core/background-work/open-batch.ts";

export interface BatchOptions<T> {
  /** In log records and errors. Default `batch`. */
  readonly name?: string;
  /** Items of one batch: 1 to 10,000. Default 100. */
  readonly size?: number;
  /** Longest time that an item waits for others, ms: 0 to 20,000. Default 1,000. */
  readonly lingerMs?: number;
  /** Items that wait or are being sent: 1 to 1,000,000. Default 50,000. */
  readonly maxItems?: number;
  /** Bytes of an item; only with it the bounds in bytes hold. Called once for each item. */
  readonly sizeOf?: (item: T) => number;
  /** Bytes of the items that wait or are being sent, with `sizeOf`. Default 8 MiB: the isolate has 128 MB for everything. */
  readonly maxBytes?: number;
  /** Bytes of one batch, with `sizeOf`. Default: as `maxBytes`. */
  readonly maxBatchBytes?: number;
  /** Batches that are sent at the same time: 1 to 6. Default 1, which keeps the order of the items. */
  readonly concurrency?: number;
  /** Longest time of one sending, ms: 1 to 20,000; with `lingerMs` at most 28,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Sendings of a batch before it is split or given up: 1 to 10. Default 3. */
  readonly attempts?: number;
  /** Longest pause after the first failed sending, ms; each further one doubles it. Default 200. */
  readonly backoffMs?: number;
  /** Longest pause, ms. Default 5,000. */
  readonly maxBackoffMs?: number;
  /** What to do after a failure. It must not throw. Default: `retry_then_split` for each. */
  readonly onFailure?: (error: unknown) => FailureAction;
  /** Items that were given up, beside the record `work_lost` in the log. It must not throw. */
  readonly onLost?: (lost: LostItems<T>) => void;
}

export interface BatchSettings<T> extends BatchQueueSettings {
  readonly name: string;
  readonly timeoutMs: number;
  readonly sizeOf: (item: T) => number;
  readonly onFailure: BatchOptions<T>["onFailure"];
  readonly onLost: BatchOptions<T>["onLost"];
}

/** `waitUntil` lasts 30 s from the response; what a request adds has to be over before. */
export const HELD_MS = 28_000;
const LOST_AFTER_MS = 1_000; // after the end of a sending, its request has certainly ended
const MIB = 1_048_576;

/** @throws RangeError for an option outside its bounds */
export function batchSettingsOf<T>(options: BatchOptions<T>): BatchSettings<T> {
  const { name = "batch", sizeOf } = options;
  const within = (option: keyof BatchOptions<T>, fallback: number, min: number, max: number): number => {
    const value = (options[option] as number | undefined) ?? fallback;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(`${option} of "${name}" is ${value}: write a whole number from ${min} to ${max}`);
  };
  if (sizeOf === undefined && (options.maxBytes ?? options.maxBatchBytes) !== undefined)
    throw new RangeError(`"${name}" has a bound in bytes and no sizeOf: give a function that returns the bytes of an item`);
  const maxBytes = within("maxBytes", 8 * MIB, 1, 64 * MIB);
  const timeoutMs = within("timeoutMs", 10_000, 1, 20_000);
  const lingerMs = within("lingerMs", 1_000, 0, 20_000);
  if (lingerMs + timeoutMs > HELD_MS)
    throw new RangeError(`lingerMs and timeoutMs of "${name}" are ${lingerMs + timeoutMs} ms: at most ${HELD_MS} fit into waitUntil`);
  return {
    name,
    timeoutMs,
    lingerMs,
    maxBatch: within("size", 100, 1, 10_000),
    maxItems: within("maxItems", 50_000, 1, 1_000_000),
    maxBytes,
    maxBatchBytes: within("maxBatchBytes", maxBytes, 1, maxBytes),
    concurrency: within("concurrency", 1, 1, 6),
    leaseMs: timeoutMs + LOST_AFTER_MS,
    retry: {
      attempts: within("attempts", 3, 1, 10),
      baseMs: within("backoffMs", 200, 0, 10_000),
      maxMs: within("maxBackoffMs", 5_000, 0, 20_000),
    },
    sizeOf: sizeOf ?? (() => 0),
    onFailure: options.onFailure,
    onLost: options.onLost,
  };
}

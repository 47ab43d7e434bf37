// The shared level behind an isolate's own: what each driver keeps, so that a fault of it is a miss and nothing else.
import type { Entry } from "../../../core/cache/entry.ts";

export interface L2 {
  /** Never throws, and takes no longer than the driver's deadline. @param key as the isolate's own level knows it */
  get(key: string, now: number): Promise<Entry | undefined>;
  /** Returns at once, and never throws: what is written is written behind the answer. */
  put(key: string, entry: Entry, now: number): void;
}

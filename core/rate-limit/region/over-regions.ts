// Which buckets that the whole world shares are lent over regions, and to how many objects of a region.
import { RelayLoad } from "../../exchange/relay-load.ts";
import type { LeaseGrant } from "../lease-messages.ts";
import type { BucketLimit } from "../token-bucket.ts";

/**
 * A smaller limit is lent by the root itself, tokens per second: it has fewer than two tokens for each of the 80 messages a second of a key, so that
 * isolates request nearly every token, and a region in between would only add its own message.
 */
const MIN_RATE = 160;
/** The same for the capacity, tokens: regions and isolates each keep some of it. */
const MIN_CAPACITY = 50;

/** Objects of a region among which an isolate chooses for its first request: thousands of isolates may start at once. */
export const FIRST_LENDERS = 16;

const LESSEES = 200; // the mean of one lender
const TARGET_PER_S = 120; // requests for which `RelayLoad` plans one object
const ARRIVAL_SHARE = 0.5; // in the second in which isolates start, a lender may get twice `TARGET_PER_S`
const INTERVAL_MS = (1_000 * LESSEES) / TARGET_PER_S;

/** Whether regional objects lend the tokens of a limit that the whole world shares. docs/decisions/ has the figures. */
export function isLentOverRegions({ capacity, rate, intervalMs }: BucketLimit): boolean {
  return (rate / intervalMs) * 1_000 >= MIN_RATE && capacity >= MIN_CAPACITY;
}

/** How many objects of a region lend one bucket, as one of them sees it: with `LESSEES` lessees each on average. */
export class LenderCount {
  readonly #load: RelayLoad;

  /** @param startedAt epoch ms of the first request */
  constructor(startedAt: number) {
    this.#load = new RelayLoad(startedAt);
  }

  /**
   * Counts a request.
   *
   * @param chosen number of lenders among which the isolate has chosen this one; 0 for its first request
   * @returns number of lenders, a power of two
   */
  receive(isolate: string, chosen: number, now: number): number {
    const isFirst = chosen === 0;
    const weight = isFirst ? FIRST_LENDERS * ARRIVAL_SHARE : chosen;
    return this.#load.receive({ isolate, shards: weight, isFirst, intervalMs: INTERVAL_MS }, now);
  }
}

/** Response to the first request of an isolate: it decides nothing, and says among how many lenders to choose. */
export function redirection(sequence: number, lenders: number): LeaseGrant {
  const nothing = { tokens: 0, ratePerMs: 0, capacity: 0, lifetimeMs: 0, renewAfterMs: 0, pauseMs: 0, retryAfterMs: 0, poolTokens: 0 };
  return { sequence, ...nothing, lenders, isRedirection: true };
}

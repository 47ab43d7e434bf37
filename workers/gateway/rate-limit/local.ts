// Buckets of this isolate alone: nothing is shared, nothing is asked. For limits that protect an isolate, not a service.
import { type Bucket, giveBack, takeAnyway, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type Charge, isRefused, type Limiter, makeRoom, type Verdicts } from "./limiter.ts";

export class LocalBuckets implements Limiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #most: number;

  /** @param most buckets that are kept; the one unused for the longest is forgotten first */
  constructor(most: number) {
    this.#most = most;
  }

  take(charges: readonly Charge[]): Verdicts {
    const now = Date.now();
    const decided = charges.map(({ key, limit, cost }) => takeTokens(this.#buckets.get(key), limit, cost, now));
    const verdicts = decided.map(([, verdict]) => verdict);
    if (!isRefused(verdicts)) for (const [index, [bucket]] of decided.entries()) this.#keep(charges[index]!.key, bucket);
    return verdicts;
  }

  giveBack(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#keep(key, giveBack(this.#buckets.get(key), limit, cost, Date.now()));
  }

  takeAnyway(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#keep(key, takeAnyway(this.#buckets.get(key), limit, cost, Date.now()));
  }

  #keep(key: string, bucket: Bucket): void {
    if (!this.#buckets.delete(key)) makeRoom(this.#buckets, this.#most);
    this.#buckets.set(key, bucket);
  }
}

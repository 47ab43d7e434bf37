// The leases of this isolate: taken from without waiting where there is enough, renewed behind answers.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../core/hash.ts";
import { Lease, type Spent } from "../../core/limit/lease.ts";
import type { Charge, TokenBucket } from "../../durable-objects/token-bucket.ts";

const MOST_LEASES = 20_000; // kept; one that is forgotten is an isolate that died: its tokens lapse, nobody gets more
const RESTS_MS = 1_000; // after an ask that failed

interface Entry {
  readonly lease: Lease;
  asking: Promise<void> | undefined;
  waiting: number; // tokens that calls wait for
  cutOffUntil: number; // epoch ms: the object could not be asked
}

export class Leases {
  readonly #buckets: DurableObjectNamespace<TokenBucket>;
  readonly #shards: number;
  readonly #entries = new Map<string, Entry>();
  #isolate: string | undefined; // the dice may be asked within a request only

  constructor(buckets: DurableObjectNamespace<TokenBucket>, shards: number) {
    this.#buckets = buckets;
    this.#shards = shards;
  }

  /** Takes at once, or not at all. A lease that runs low is renewed behind the answer. */
  spend(charge: Charge): Spent {
    const entry = this.#entryOf(charge);
    const now = Date.now();
    const spent = entry.lease.spend(charge.cost, now);
    if (entry.asking === undefined && entry.lease.isLow(now)) this.#ask(entry, charge, 0);
    return spent.kind === "refused" && now < entry.cutOffUntil ? { kind: "ask" } : spent;
  }

  /**
   * For a call that `spend` has answered `ask`: calls that come together share one ask.
   *
   * @param waitMs longest wait
   * @returns undefined where the object can't be asked, or not in time
   */
  async obtain(charge: Charge, waitMs: number): Promise<Spent | undefined> {
    const entry = this.#entryOf(charge);
    const until = Date.now() + waitMs;
    for (;;) {
      const now = Date.now();
      if (now < entry.cutOffUntil || now >= until) return undefined;
      const spent = entry.lease.take(charge.cost, now);
      if (spent.kind !== "ask") return spent;
      entry.waiting += charge.cost;
      entry.asking ?? this.#ask(entry, charge, Math.min(entry.waiting, charge.limit.capacity));
      await Promise.race([entry.asking, scheduler.wait(until - now)]);
      entry.waiting -= charge.cost;
    }
  }

  putBack(charge: Charge): void {
    this.#entryOf(charge).lease.putBack(charge.cost, Date.now());
  }

  remaining(charge: Charge): number {
    return this.#entryOf(charge).lease.remaining(Date.now());
  }

  #ask(entry: Entry, { key, limit }: Charge, need: number): void {
    this.#isolate ??= crypto.randomUUID();
    const sentAt = Date.now();
    const ask = entry.lease.ask(this.#isolate, need, sentAt);
    const object = this.#buckets.getByName(`shard-${hash32(key) % this.#shards}`);
    const answer = async (): Promise<void> => {
      try {
        const [grant] = await object.lend([{ key, limit, ask }]);
        entry.lease.granted(grant ?? undefined, sentAt, Date.now());
      } catch {
        entry.lease.failed(ask.turn, RESTS_MS, Date.now());
        entry.cutOffUntil = Date.now() + RESTS_MS;
      } finally {
        entry.asking = undefined;
      }
    };
    entry.asking = answer();
    waitUntil(entry.asking); // it outlives the call it was made for: others wait for it, too
  }

  #entryOf({ key }: Charge): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= MOST_LEASES)
      for (const oldest of [...this.#entries.keys()].slice(0, MOST_LEASES / 20)) this.#entries.delete(oldest);
    const entry: Entry = { lease: new Lease(), asking: undefined, waiting: 0, cutOffUntil: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}

// How many relays a region needs, and how often isolates may exchange with one, from what a single relay sees.

const ACTIVE_MS = 15_000; // an isolate counts this long after its last exchange
const MAX_ISOLATES = 5_000; // remembered; above it, the oldest are forgotten
const TARGET_PER_S = 120; // exchanges that a relay is planned for; early ones come on top
const MAX_PER_S = 250; // exchanges above which the relay lengthens the interval
const EARLY_PER_S = 120; // early exchanges, where all isolates have a reason for one
const TROUBLE_PER_S = 150; // exchanges while breakers are not settled
const TROUBLE_MS = 1_000; // shortest interval while breakers are not settled
const START_MS = 5_000; // a relay that has just started has not seen most isolates yet: it goes by how fast they arrive
const MIN_AGE_MS = 250; // the first arrivals say little about their rate
const MAX_SHARDS = 1_024;
const SHRINK = 0.7; // half of the relays have to be enough with this share of the target, for 15 s, before their number is halved
const MIN_INTERVAL_MS = 100;

/** Number of relays among which an isolate chooses before its first reply: thousands of isolates may start at once. */
export const FIRST_SHARDS = 16;

interface ActiveIsolate {
  readonly weight: number; // exchanges of the region in 1,000 s that it stands for; whole numbers, so that sums stay exact
  readonly at: number; // epoch ms of its last exchange
}

/** How an isolate has chosen its relay. */
export interface RelayChoice {
  readonly isolate: string;
  readonly shards: number; // number of relays among which it has chosen: it stands for as many isolates of the region
  readonly isFirst: boolean; // it has received that number from no relay
  readonly intervalMs: number; // interval of the isolate
}

export class RelayLoad {
  readonly #active = new Map<string, ActiveIsolate>(); // the latest exchange at the end
  readonly #startedAt: number;
  #weight = 0; // sum of all active isolates
  #arrived = 0; // exchanges of the region that those of the first seconds stand for
  #shards = 1;
  #lowSince: number | undefined; // epoch ms since which half of the relays are enough
  #receivedAt = Number.NEGATIVE_INFINITY; // epoch ms of the last exchange

  /** @param startedAt epoch ms at which the relay started */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  get isolates(): number {
    return this.#active.size;
  }

  /**
   * Counts an exchange.
   *
   * @returns number of relays, a power of two: an isolate stays at its relay, or moves to one new one, when it doubles
   */
  receive({ isolate, shards: chosen, isFirst, intervalMs }: RelayChoice, now: number): number {
    const shards = Math.min(Math.max(1, chosen), MAX_SHARDS);
    const ageMs = now - this.#startedAt;
    this.#forget(isolate);
    const weight = shards * Math.round(1_000_000 / Math.max(MIN_INTERVAL_MS, intervalMs));
    this.#active.set(isolate, { weight, at: now });
    this.#weight += weight;
    for (const [id, { at }] of this.#active) {
      if (this.#active.size <= MAX_ISOLATES && now - at < ACTIVE_MS) break;
      this.#forget(id);
    }
    if (ageMs < START_MS) this.#arrived += shards;
    if (!isFirst && ageMs < ACTIVE_MS) this.#shards = Math.max(this.#shards, shards); // the relay before this one knew more
    this.#resize(now, ageMs);
    this.#receivedAt = now;
    return this.#shards;
  }

  /** Time until the next exchange of an isolate. @param isSettled whether no breaker that the isolate knows of is about to change */
  nextMs(intervalMs: number, isSettled: boolean): number {
    const longestMs = Math.max(intervalMs, (this.isolates / MAX_PER_S) * 1_000);
    return isSettled ? longestMs : Math.min(longestMs, Math.max(TROUBLE_MS, (this.isolates / TROUBLE_PER_S) * 1_000));
  }

  /** Time over which the isolates of this relay spread their early exchanges. */
  get earlyMs(): number {
    return (this.isolates / EARLY_PER_S) * 1_000;
  }

  #resize(now: number, ageMs: number): void {
    const arriving = ageMs < START_MS ? (this.#arrived * 1_000) / Math.max(MIN_AGE_MS, ageMs) : 0;
    const perSecond = Math.max(this.#weight / 1_000, arriving);
    while (this.#shards < MAX_SHARDS && perSecond > this.#shards * TARGET_PER_S) this.#shards *= 2;
    if (this.#shards === 1 || perSecond >= (this.#shards / 2) * SHRINK * TARGET_PER_S) this.#lowSince = undefined;
    else if (this.#lowSince === undefined || now - this.#receivedAt > ACTIVE_MS) this.#lowSince = now;
    else if (now - this.#lowSince >= ACTIVE_MS) {
      this.#shards /= 2;
      this.#lowSince = now;
    }
  }

  #forget(isolate: string): void {
    const known = this.#active.get(isolate);
    if (known === undefined) return;
    this.#active.delete(isolate);
    this.#weight -= known.weight;
  }
}

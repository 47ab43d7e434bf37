// The live tap in an isolate: the filters that it has learned of, the calls that match them, and the viewers whose streams it serves itself.
import { TapBuffer } from "./tap-buffer.ts";
import { matchingFilters, type TappedCall } from "./tap-match.ts";
import { MAX_TAP_FILTERS, TAP_LEASE_MS, type TapConditions, type TapEventRecord, type TapEvents, type TapFilter } from "./tap-messages.ts";

const NO_FILTERS: readonly TapFilter[] = [];

/** A viewer whose stream this isolate serves: events of the isolate itself need no exchange. */
interface OwnViewer {
  readonly filter: TapFilter; // expires unless the viewer reads
  readonly buffer: TapBuffer;
}

/** Times are epoch ms. */
export class IsolateTap {
  /** Filters that some viewer waits for, until their expiry is noticed. */
  filters = NO_FILTERS;
  readonly #own = new Map<string, OwnViewer>(); // keyed by filter
  #learned = NO_FILTERS;
  readonly #unsent = new TapBuffer();
  #sent: TapEvents | undefined; // until the exchange has succeeded

  get hasUnsent(): boolean {
    return !this.#unsent.isEmpty;
  }

  /** Takes the filters of all viewers, as the relay knows them. What has been sent has arrived. */
  learn(filters: readonly TapFilter[], now: number): void {
    this.#sent = undefined;
    this.#learned = filters.filter(({ expiresAt }) => expiresAt > now).slice(0, MAX_TAP_FILTERS);
    this.#unsent.retain(new Set(this.#learned.map(({ id }) => id)));
    this.#combine();
  }

  /** A viewer's stream begins here. @param endsAt end of the stream @returns what has happened here for it since its reading before */
  watch(id: string, conditions: TapConditions, endsAt: number, now: number): (now: number) => TapEvents {
    const buffer = new TapBuffer();
    const renew = (at: number): void => {
      this.#own.set(id, { filter: { id, conditions, expiresAt: Math.min(endsAt, at + TAP_LEASE_MS) }, buffer });
      this.#combine();
    };
    renew(now);
    return (at) => {
      renew(at);
      return buffer.take();
    };
  }

  /** The viewer's stream has ended. */
  unwatch(id: string): void {
    this.#own.delete(id);
    this.#learned = this.#learned.filter((filter) => filter.id !== id);
    this.#combine();
  }

  /** @param eventOf makes the event of a call that matches some filter @returns whether something is to be sent with the exchange */
  observe(call: TappedCall, now: number, rng: () => number, eventOf: (filters: readonly string[]) => TapEventRecord): boolean {
    const ids = matchingFilters(this.filters, call, now, rng);
    if (ids.length === 0) {
      this.#expire(now);
      return false;
    }
    const event = eventOf(ids);
    const others = ids.filter((id) => !this.#own.has(id));
    for (const id of ids) this.#own.get(id)?.buffer.add({ ...event, filters: [id] });
    if (others.length > 0) this.#unsent.add({ ...event, filters: others });
    return others.length > 0;
  }

  /** What goes with the exchange; an exchange without a response has lost its events. */
  take(): TapEvents | undefined {
    if (this.#sent !== undefined) this.#unsent.lost(this.#sent);
    this.#sent = this.#unsent.isEmpty ? undefined : this.#unsent.take();
    return this.#sent;
  }

  #expire(now: number): void {
    if (this.filters.every(({ expiresAt }) => expiresAt > now)) return;
    this.#learned = this.#learned.filter(({ expiresAt }) => expiresAt > now);
    for (const [id, { filter }] of this.#own) if (filter.expiresAt <= now) this.#own.delete(id);
    this.#combine();
  }

  #combine(): void {
    const own = [...this.#own.values()].map(({ filter }) => filter);
    const others = this.#learned.filter(({ id }) => !this.#own.has(id));
    this.filters = own.length === 0 && others.length === 0 ? NO_FILTERS : [...own, ...others];
  }
}

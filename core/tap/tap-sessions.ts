// The viewers of the live tap, in the one object that knows them all: their filters, and the events that wait for each of them.
//
// A filter lives as long as its viewer reads, and at most to the end that the viewer has. Nothing of it is stored: after a restart of the
// object the viewer's next reading brings the filter again.
import { TapBuffer } from "./tap-buffer.ts";
import { MAX_TAP_FILTERS, TAP_LEASE_MS, TAP_LIFE_MS, type TapConditions, type TapEvents, type TapFilter } from "./tap-messages.ts";

/** What a viewer sends, again and again. */
export interface TapQuery {
  readonly id: string;
  readonly conditions: TapConditions;
  readonly endsAt: number; // epoch ms; at most TAP_LIFE_MS from its start
}

/** `full`: as many viewers as allowed watch already. */
export type TapReading = { readonly kind: "events"; readonly events: TapEvents } | { readonly kind: "full" | "ended" };

const MAX_WAITING_BYTES = 262_144; // events for one viewer

interface Session {
  filter: TapFilter;
  readonly waiting: TapBuffer;
}

/** Times are epoch ms. */
export class TapSessions {
  readonly #sessions = new Map<string, Session>(); // keyed by filter

  /** What has come for a viewer since its reading before. */
  read({ id, conditions, endsAt }: TapQuery, now: number): TapReading {
    this.#expire(now);
    const lastAt = Math.min(endsAt, now + TAP_LIFE_MS);
    if (lastAt <= now) return { kind: "ended" };
    const known = this.#sessions.get(id);
    if (known === undefined && this.#sessions.size >= MAX_TAP_FILTERS) return { kind: "full" };
    const filter = { id, conditions, expiresAt: Math.min(lastAt, now + TAP_LEASE_MS) };
    const session = known ?? { filter, waiting: new TapBuffer(MAX_WAITING_BYTES) };
    session.filter = filter;
    this.#sessions.set(id, session);
    return { kind: "events", events: session.waiting.take() };
  }

  /** The viewer has gone. */
  end(id: string): void {
    this.#sessions.delete(id);
  }

  /** Events of isolates; those of a viewer that has gone are dropped. */
  receive({ events, skipped }: TapEvents): void {
    for (const event of events) for (const id of event.filters) this.#sessions.get(id)?.waiting.add({ ...event, filters: [id] });
    for (const [id, count] of Object.entries(skipped)) this.#sessions.get(id)?.waiting.addAll({ events: [], skipped: { [id]: count } });
  }

  /** The filters that isolates have to evaluate now. */
  filters(now: number): readonly TapFilter[] {
    this.#expire(now);
    return [...this.#sessions.values()].map(({ filter }) => filter);
  }

  #expire(now: number): void {
    // A time further ahead than any that is set was set before the clock was set back.
    for (const [id, { filter }] of this.#sessions)
      if (filter.expiresAt <= now || filter.expiresAt - now > TAP_LEASE_MS) this.#sessions.delete(id);
  }
}

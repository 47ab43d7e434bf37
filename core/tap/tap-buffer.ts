// Events of the live tap that wait to be sent on, in bounded memory: the oldest stay, and those that do not fit are counted.
import { MAX_TAP_BYTES, type TapEventRecord, type TapEvents, tapEventBytes } from "./tap-messages.ts";

export class TapBuffer {
  readonly #maxBytes: number;
  #events: TapEventRecord[] = [];
  #bytes = 0;
  readonly #skipped = new Map<string, number>(); // keyed by filter

  constructor(maxBytes = MAX_TAP_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#skipped.size === 0;
  }

  add(event: TapEventRecord): void {
    const bytes = tapEventBytes(event);
    if (this.#bytes + bytes > this.#maxBytes) {
      for (const id of event.filters) this.#skip(id, 1);
      return;
    }
    this.#events.push(event);
    this.#bytes += bytes;
  }

  /** Takes over what another buffer has sent. */
  addAll({ events, skipped }: TapEvents): void {
    for (const event of events) this.add(event);
    for (const [id, count] of Object.entries(skipped)) this.#skip(id, count);
  }

  /** Empties the buffer. */
  take(): TapEvents {
    const taken = { events: this.#events, skipped: Object.fromEntries(this.#skipped) };
    this.#events = [];
    this.#bytes = 0;
    this.#skipped.clear();
    return taken;
  }

  /** Events that were taken have been lost on their way. */
  lost({ events, skipped }: TapEvents): void {
    for (const { filters } of events) for (const id of filters) this.#skip(id, 1);
    for (const [id, count] of Object.entries(skipped)) this.#skip(id, count);
  }

  /** Forgets the counts of other filters: they have no viewer any more. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#skipped.keys()) if (!ids.has(id)) this.#skipped.delete(id);
  }

  #skip(id: string, count: number): void {
    this.#skipped.set(id, (this.#skipped.get(id) ?? 0) + count);
  }
}

// When keys were last used: collected in an isolate, sent with its exchanges, and passed on by a relay. Precise to some minutes, because
// each stored time costs a row.

export const USE_STEP_MS = 600_000; // an isolate reports a key once in this time, a relay passes it on once, and a store writes it once
const MAX_KEYS = 500; // in one exchange, about 20 KB

/** Times of use, epoch ms by id. Plain data. */
export type KeyUseTimes = Readonly<Record<string, number>>;

/** Uses that no relay has received yet. */
export class KeyUses {
  readonly #waiting = new Map<string, number>();

  /** @returns whether the use was noted; false where as many keys wait as one exchange takes: then a later use is noted */
  note(id: string, now: number): boolean {
    if (this.#waiting.size >= MAX_KEYS && !this.#waiting.has(id)) return false;
    this.#waiting.set(id, now);
    return true;
  }

  /** @returns what the next exchange sends; undefined for nothing. It stays until `received`, because an exchange may be lost */
  get waiting(): KeyUseTimes | undefined {
    return this.#waiting.size === 0 ? undefined : Object.fromEntries(this.#waiting);
  }

  /** A relay has received them. @param uses as `waiting` has returned them */
  received(uses: KeyUseTimes): void {
    for (const [id, at] of Object.entries(uses)) if (this.#waiting.get(id) === at) this.#waiting.delete(id);
  }
}

/** Uses that a relay has passed on. */
export class PassedUses {
  readonly #maxKeys: number;
  readonly #passedAt = new Map<string, number>(); // the latest at the end

  constructor(maxKeys = 10_000) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#passedAt.size;
  }

  /** @returns those that are to be passed on: other isolates have not reported the same key within half of the step */
  pass(uses: KeyUseTimes): KeyUseTimes {
    const due = Object.entries(uses).filter(([id, at]) => at - (this.#passedAt.get(id) ?? Number.NEGATIVE_INFINITY) >= USE_STEP_MS / 2);
    for (const [id, at] of due) {
      this.#passedAt.delete(id);
      this.#passedAt.set(id, at);
      if (this.#passedAt.size > this.#maxKeys) this.#passedAt.delete(this.#passedAt.keys().next().value!);
    }
    return Object.fromEntries(due);
  }
}

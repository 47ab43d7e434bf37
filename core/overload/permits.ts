// Permits: calls in flight, or open streams, each until it is released or expires.
import { type Holder, type Holding, Holdings } from "./holdings.ts";

/** One call in flight, or one open stream. */
export interface Permit extends Holding {
  readonly startedAt: number; // epoch ms
  readonly inFlightAtStart: number; // permits held, including this one
}

export class Permits {
  readonly #held = new Holdings<Permit>();

  /** Permits held at `now`. */
  count(now: number): number {
    return this.#held.total(now);
  }

  /** @param holder undefined where callers are not distinguished */
  acquire(now: number, expiresAt: number, holder: Holder | undefined): Permit {
    const permit = { startedAt: now, expiresAt, inFlightAtStart: this.#held.total(now) + 1, holder, amount: 1, countedKey: 0 };
    this.#held.add(permit);
    return permit;
  }

  /** @returns false where the permit was released before, or has expired */
  release(permit: Permit): boolean {
    return this.#held.release(permit);
  }

  /** Permits of one caller. @see Holdings.heldBy */
  heldBy(holder: Holder, from: number): number {
    return this.#held.heldBy(holder, from);
  }

  /** Callers that hold a permit, as far as they are counted. */
  get holderCount(): number {
    return this.#held.holderCount;
  }
}

// The memory that the calls of an isolate may hold together: request bodies, responses that are read whole, and stored responses.
//
// Calls come first: stored responses use what calls leave free, and are evicted where a call needs the room. What a caller holds is
// limited, too, and large amounts leave the last quarter to small ones, so that a few large bodies do not stop all calls.
import { type Holder, type Holding, Holdings } from "./holdings.ts";

export interface ByteBudgetSettings {
  readonly maxBytes: number; // all calls and stored responses together
  readonly callerShare: number; // largest share of `maxBytes` that one caller may hold, in (0, 1]
}

/** What gives up memory where calls need it. */
export interface Evictable {
  readonly maxBytes: number; // what it may use where calls leave it free
  readonly bytes: number; // what it uses
  /** Evicts until at most `maxBytes` are left. */
  shrinkTo(maxBytes: number, now: number): void;
}

/** Why memory is not reserved: the budget is used up, or its caller holds its share. */
export type BudgetRefusal = "budget" | "share";

/** Charged for any body: sockets, streams and headers of a request that is not complete. */
export const MIN_RESERVED_BYTES = 4_096;
/** An amount up to this may use the whole budget, a larger one only three quarters of it. */
export const SMALL_BYTES = 65_536;

/** The rest is for small amounts. With sockets and garbage of a hundred callers, the process then grows by the budget and no more. */
const LARGE_SHARE = 3 / 4;
const COUNT_CALLERS_FROM = 0.25; // share of the budget; once callers are distinguished, they are until less than half of it is held

export class ByteBudget {
  readonly maxBytes: number;
  readonly callerMaxBytes: number; // what one caller can hold at most; nothing larger can ever be reserved
  readonly #held = new Holdings<Reservation>();
  #evictable: Evictable | undefined;

  constructor({ maxBytes, callerShare }: ByteBudgetSettings) {
    this.maxBytes = maxBytes;
    this.callerMaxBytes = Math.max(1, Math.floor(Math.min(maxBytes * LARGE_SHARE, maxBytes * callerShare)));
  }

  /** Bytes that calls hold. */
  heldBytes(now: number): number {
    return this.#held.total(now);
  }

  /** @param evictable the stored responses of the isolate; there is one for each budget */
  lendTo(evictable: Evictable): void {
    this.#evictable = evictable;
  }

  /** Evicts stored responses as far as calls need their memory: after each reservation, and to be called after a response was stored. */
  evict(now: number): void {
    const free = this.maxBytes - this.#held.total(now);
    if (this.#evictable === undefined || free >= this.#evictable.maxBytes) return; // the usual case, without counting what is stored
    if (this.#evictable.bytes > free) this.#evictable.shrinkTo(Math.max(0, free), now);
  }

  /**
   * @param bytes     at least 0; `MIN_RESERVED_BYTES` are charged at least
   * @param holder    undefined where no caller holds it
   * @param expiresAt epoch ms; the reservation ends then, where it is not released before
   */
  reserve(bytes: number, holder: Holder | undefined, expiresAt: number, now: number): Reservation | BudgetRefusal {
    const amount = Math.max(bytes, MIN_RESERVED_BYTES);
    const refusal = this.#refusal(amount, amount, holder, now);
    if (refusal !== undefined) return refusal;
    const reservation = new Reservation(this, amount, holder, expiresAt);
    this.#held.add(reservation);
    this.evict(now);
    return reservation;
  }

  /** For `Reservation` alone. @returns why the reservation cannot be `amount` bytes; undefined where it is so large now */
  resize(reservation: Reservation, amount: number, now: number): BudgetRefusal | undefined {
    const more = amount - reservation.amount;
    if (more > 0) {
      const refusal = this.#refusal(more, amount, reservation.holder, now);
      if (refusal !== undefined) return refusal;
    }
    if (this.#held.resize(reservation, amount) && more > 0) this.evict(now);
    return undefined;
  }

  /** For `Reservation` alone. */
  release(reservation: Reservation): void {
    this.#held.release(reservation);
  }

  /** @param more what is added @param amount what its holding is then */
  #refusal(more: number, amount: number, holder: Holder | undefined, now: number): BudgetRefusal | undefined {
    const limit = amount > SMALL_BYTES ? this.maxBytes * LARGE_SHARE : this.maxBytes;
    const total = this.#held.total(now);
    if (total + more > limit) return "budget";
    if (holder === undefined || total + more <= this.callerMaxBytes) return undefined;
    const from = Math.min(total, COUNT_CALLERS_FROM * this.maxBytes);
    return this.#held.heldBy(holder, from) + more > this.callerMaxBytes ? "share" : undefined;
  }
}

/** Memory that a call holds, until it is released or the call's deadline has passed. */
export class Reservation implements Holding {
  readonly holder: Holder | undefined;
  readonly expiresAt: number;
  amount: number;
  countedKey = 0;
  readonly #budget: ByteBudget;

  /** For `ByteBudget` alone. */
  constructor(budget: ByteBudget, amount: number, holder: Holder | undefined, expiresAt: number) {
    this.#budget = budget;
    this.amount = amount;
    this.holder = holder;
    this.expiresAt = expiresAt;
  }

  /** Makes the reservation larger, or smaller. @returns why it cannot be so large; it is then as before */
  resize(bytes: number, now: number): BudgetRefusal | undefined {
    return this.#budget.resize(this, Math.max(bytes, MIN_RESERVED_BYTES), now);
  }

  /** Any number of times. */
  release(): void {
    this.#budget.release(this);
  }
}

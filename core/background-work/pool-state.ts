// What a worker pool decides: which work runs, which waits, and which is refused. It holds no promises: whoever waits looks at its place.
//
//   waiting --its turn, and a slot is free--> granted --started in time--> running --ended, or not renewed--> gone
//      '--pushed out by a key that has less, or not seen any more--> left_out
import { GradientLimit, type GradientLimitSettings } from "../overload/gradient.ts";
import { FairQueue } from "./fair-queue.ts";

export interface PoolStateSettings {
  readonly concurrency: number | GradientLimitSettings; // fixed, or adaptive between a floor and a ceiling
  readonly maxWaiting: number;
}

// The code after an `await` never runs in a request that was canceled. So nothing that a request holds lasts without its renewal.
export const BEAT_MS = 1_000; // a request renews what it holds this often
const LEASE_MS = 4_000; // after it, a running request that has not renewed its slot has ended
const GRANT_MS = 1_500; // within it, a request starts what was granted
const UNSEEN_MS = 3_000; // after it, a waiting request that was not seen has ended

/** The place of one piece of work. `owner` is whatever wakes its request. */
export interface PoolPlace<O> {
  readonly key: string;
  readonly owner: O;
  state: "waiting" | "granted" | "running" | "left_out";
  seenAt: number; // epoch ms
  slot: Slot | undefined; // while it is granted or running
}

interface Slot {
  readonly startedAt: number; // epoch ms
  readonly inFlightAtStart: number; // with this one
  expiresAt: number; // epoch ms
}

export class PoolState<O> {
  readonly #queue: FairQueue<PoolPlace<O>>;
  readonly #gradient: GradientLimit | undefined;
  readonly #fixedLimit: number;
  readonly #slots = new Set<Slot>();
  #nextExpiry = Number.POSITIVE_INFINITY; // epoch ms, never later than the earliest end

  constructor({ concurrency, maxWaiting }: PoolStateSettings) {
    this.#queue = new FairQueue(maxWaiting);
    this.#gradient = typeof concurrency === "number" ? undefined : new GradientLimit(concurrency);
    this.#fixedLimit = typeof concurrency === "number" ? concurrency : 0;
  }

  /** Work that may run at the same time, now. */
  get limit(): number {
    return this.#gradient?.limit ?? this.#fixedLimit;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Work that runs, or is about to. @param now epoch ms */
  running(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#slots.size;
  }

  /** @param now epoch ms @returns the place, and the one that was left out for it; the place itself where there is none left */
  enter(key: string, owner: O, now: number): { readonly place: PoolPlace<O>; readonly leftOut: PoolPlace<O> | undefined } {
    const place: PoolPlace<O> = { key, owner, state: "waiting", seenAt: now, slot: undefined };
    if (this.#queue.size === 0 && this.running(now) < this.limit) {
      this.#grant(place, now);
      return { place, leftOut: undefined };
    }
    const leftOut = this.#queue.add(place);
    if (leftOut !== undefined) leftOut.state = "left_out";
    return { place, leftOut };
  }

  /** Gives free slots to those that wait. @returns the places that may start now, to be woken */
  grantNext(now: number): readonly PoolPlace<O>[] {
    const granted: PoolPlace<O>[] = [];
    while (this.#queue.size > 0 && this.running(now) < this.limit) {
      const place = this.#queue.take()!;
      if (now - place.seenAt > UNSEEN_MS) place.state = "left_out";
      else {
        this.#grant(place, now);
        granted.push(place);
      }
    }
    return granted;
  }

  /** Renews a place: waiting, or running. A slot that has ended meanwhile, in a request that lives, is taken again, beyond the limit. */
  beat(place: PoolPlace<O>, now: number): void {
    place.seenAt = now;
    if (place.slot !== undefined && place.state === "running") this.#hold(place.slot, now + LEASE_MS);
  }

  /** @returns false where the place was not granted, or too long ago: then it has to enter again */
  start(place: PoolPlace<O>, now: number): boolean {
    this.running(now); // ends what is over
    if (place.state !== "granted" || !this.#slots.has(place.slot!)) return false;
    place.state = "running";
    this.beat(place, now);
    return true;
  }

  /**
   * Leaves the queue, or gives the slot back. A place may leave twice.
   *
   * @param isSample whether the time that the work took says something about load: a success does, and a timeout; a fast failure does not
   */
  leave(place: PoolPlace<O>, now: number, isSample: boolean): void {
    this.#queue.delete(place);
    const { slot, state } = place;
    place.state = "left_out";
    place.slot = undefined;
    if (slot === undefined || !this.#slots.delete(slot)) return;
    if (isSample && state === "running") this.#gradient?.sample(now - slot.startedAt, slot.inFlightAtStart, now);
  }

  #grant(place: PoolPlace<O>, now: number): void {
    place.state = "granted";
    place.slot = { startedAt: now, inFlightAtStart: this.#slots.size + 1, expiresAt: 0 };
    this.#hold(place.slot, now + GRANT_MS);
  }

  #hold(slot: Slot, expiresAt: number): void {
    slot.expiresAt = expiresAt;
    this.#slots.add(slot);
    this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      if (slot.expiresAt <= now) this.#slots.delete(slot);
      else this.#nextExpiry = Math.min(this.#nextExpiry, slot.expiresAt);
    }
  }
}

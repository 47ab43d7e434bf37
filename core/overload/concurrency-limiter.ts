// A limit of calls in flight in one scope (the isolate, or one method): fixed or adaptive, lower for less critical calls, and fair between
// callers.
import type { Rank } from "./criticality.ts";
import { GradientLimit } from "./gradient.ts";
import { type Permit, Permits } from "./permits.ts";

export interface ConcurrencyLimiterSettings {
  readonly max: number; // calls in flight; the ceiling of an adaptive limit
  readonly floor: number | undefined; // calls in flight that an adaptive limit never goes below; undefined for a fixed limit
}

/** Why a call is refused: the limit is reached, the limit for its rank is reached, or its caller holds more than its share. */
export type LimiterRefusal = "full" | "level" | "share";

const LIMIT_SHARES = [0.7, 0.8, 0.95, 1] as const; // share of the limit, by rank: more critical calls always find some capacity
const COUNT_CALLERS_FROM = 0.25; // share of the limit; with fewer calls in flight, callers are not distinguished
const FAIRNESS_FROM = 0.85; // share of the limit; with fewer calls in flight, a caller may hold more than its share

export class ConcurrencyLimiter {
  readonly #settings: ConcurrencyLimiterSettings;
  readonly #gradient: GradientLimit | undefined;
  readonly #permits = new Permits();

  constructor(settings: ConcurrencyLimiterSettings) {
    this.#settings = settings;
    const { floor, max } = settings;
    this.#gradient = floor === undefined ? undefined : new GradientLimit({ floor, ceiling: max });
  }

  get limit(): number {
    return this.#gradient?.limit ?? this.#settings.max;
  }

  inFlight(now: number): number {
    return this.#permits.count(now);
  }

  /** Whether `begin` and `refusal` need the caller's key. Below a quarter of the limit, 0 will do. */
  needsKey(now: number): boolean {
    return this.inFlight(now) >= COUNT_CALLERS_FROM * this.limit;
  }

  /** @param key hash of the caller, or 0 @returns undefined where the call may pass */
  refusal(rank: Rank, key: number, now: number): LimiterRefusal | undefined {
    const { limit } = this;
    const inFlight = this.inFlight(now);
    if (inFlight < LIMIT_SHARES[0] * limit) return undefined;
    if (inFlight >= limit) return "full";
    if (inFlight >= (LIMIT_SHARES[rank] ?? 1) * limit) return "level";
    const exceedsShare = this.#permits.heldBy(key) * this.#permits.keyCount >= limit; // never true for a single caller, or for none
    return exceedsShare && inFlight >= FAIRNESS_FROM * limit ? "share" : undefined;
  }

  /** @param deadlineAt epoch ms; the permit expires then. With Infinity it lasts until `end` */
  begin(now: number, deadlineAt: number, key: number): Permit {
    return this.#permits.acquire(now, deadlineAt, key);
  }

  /** @param isSample whether the call's time says something about the upstream: a response or a time-out does, a fast failure does not */
  end(permit: Permit, now: number, isSample: boolean): void {
    if (!this.#permits.release(permit) || !isSample) return;
    this.#gradient?.sample(now - permit.startedAt, permit.inFlightAtStart, now);
  }
}

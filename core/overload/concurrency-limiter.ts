// A limit of calls in flight in one scope (the isolate, or one method): fixed or adaptive, lower for less critical calls, and fair between
// callers.
import type { Rank } from "./criticality.ts";
import { GradientLimit } from "./gradient.ts";
import type { Holder } from "./holdings.ts";
import { type Permit, Permits } from "./permits.ts";

export interface ConcurrencyLimiterSettings {
  readonly max: number; // calls in flight; the ceiling of an adaptive limit
  readonly floor: number | undefined; // calls in flight that an adaptive limit never goes below; undefined for a fixed limit
  readonly callerShare: number; // largest share of the limit that one caller may hold, in (0, 1]
}

/** Why a call is refused: the limit is reached, the limit for its rank is reached, or its caller holds more than its share. */
export type LimiterRefusal = "full" | "level" | "share";

const LIMIT_SHARES = [0.7, 0.8, 0.95, 1] as const; // share of the limit, by rank: more critical calls always find some capacity
const COUNT_CALLERS_FROM = 0.25; // share of the limit; with fewer calls in flight, callers are not distinguished
const FAIRNESS_FROM = 0.85; // share of the limit; from here on, a caller may hold no more than an equal share

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

  /** @returns undefined where the call may pass */
  refusal(rank: Rank, caller: Holder, now: number): LimiterRefusal | undefined {
    const { limit } = this;
    const inFlight = this.inFlight(now);
    const callerMax = Math.max(1, limit * this.#settings.callerShare);
    if (inFlight < Math.min(LIMIT_SHARES[0] * limit, callerMax)) return undefined;
    if (inFlight >= limit) return "full";
    if (inFlight >= (LIMIT_SHARES[rank] ?? 1) * limit) return "level";
    const held = this.#permits.heldBy(caller, Math.min(callerMax, COUNT_CALLERS_FROM * limit));
    if (held >= callerMax) return "share";
    const exceedsEqualShare = held * this.#permits.holderCount >= limit; // never true for a caller that is alone
    return exceedsEqualShare && inFlight >= FAIRNESS_FROM * limit ? "share" : undefined;
  }

  /** @param expiresAt epoch ms; the permit ends then. With Infinity it lasts until `end` */
  begin(now: number, expiresAt: number, caller: Holder): Permit {
    return this.#permits.acquire(now, expiresAt, caller);
  }

  /** @param isSample whether the call's time says something about the upstream: a response or a time-out does, a fast failure does not */
  end(permit: Permit, now: number, isSample: boolean): void {
    if (!this.#permits.release(permit) || !isSample) return;
    this.#gradient?.sample(now - permit.startedAt, permit.inFlightAtStart, now);
  }
}

// A limit of calls in flight in one place: fixed or adaptive, less for what matters less, and fair between callers.
import type { Rank } from "./criticality.ts";
import { GradientLimit } from "./gradient.ts";
import { type Permit, Permits } from "./permits.ts";

export interface ConcurrencyLimiterSettings {
  readonly max: number; // calls in flight; of an adaptive limit, its ceiling
  readonly floor: number | undefined; // of an adaptive limit; undefined for a fixed one
}

/** Why a call is refused: nobody gets in, nobody of its level, or its caller holds more than its share. */
export type LimiterRefusal = "full" | "level" | "share";

const SHARES = [0.7, 0.8, 0.95, 1] as const; // of the limit, by rank: what matters more always finds some room
const COUNTED_FROM = 0.25; // of the limit: from there on callers are told apart ...
const FAIR_FROM = 0.85; // ... and from here on held to their shares

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

  /** Whether callers have to be told apart: `keyOf` is asked from here on only. */
  isPressed(now: number): boolean {
    return this.inFlight(now) >= COUNTED_FROM * this.limit;
  }

  /** @param key whose call it is, hashed; 0 where nobody has to know @returns undefined where it may pass */
  refusal(rank: Rank, key: number, now: number): LimiterRefusal | undefined {
    const { limit } = this;
    const inFlight = this.inFlight(now);
    if (inFlight < SHARES[0] * limit) return undefined;
    if (inFlight >= limit) return "full";
    if (inFlight >= (SHARES[rank] ?? 1) * limit) return "level";
    const isGreedy = this.#permits.heldBy(key) * this.#permits.keyCount >= limit; // never true of a lone caller, or of none
    return isGreedy && inFlight >= FAIR_FROM * limit ? "share" : undefined;
  }

  /** @param deadlineAt epoch ms; one that never comes makes the permit last */
  begin(now: number, deadlineAt: number, key: number): Permit {
    return this.#permits.acquire(now, deadlineAt, key);
  }

  /** @param isEvident whether its time speaks of the upstream: an answer, or none in time; not a failure that comes fast */
  end(permit: Permit, now: number, isEvident: boolean): void {
    if (!this.#permits.release(permit) || !isEvident) return;
    this.#gradient?.sample(now - permit.startedAt, permit.inFlightAtStart, now);
  }
}

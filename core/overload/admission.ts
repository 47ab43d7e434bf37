// The host's part of overload protection: it admits a call only if the call can end before its deadline, and less critical calls only
// while no call has to wait.
import { MOST_CRITICAL, type Rank } from "./criticality.ts";
import { GradientLimit } from "./gradient.ts";
import { type Permit, Permits } from "./permits.ts";
import { ShedLevel } from "./shed-level.ts";
import { Sojourn } from "./sojourn.ts";

export interface AdmissionSettings {
  readonly max: number; // calls in flight, whatever their rank
  readonly floor: number; // calls in flight that the adaptive limit never goes below
}

/** Why a call is refused: the host is full, the limit for its rank is reached, or the call would not end before its deadline. */
export type AdmissionRefusal = "full" | "level" | "late";

// Both were chosen with `npm run sim -- resilience`, scenarios overload-105 to overload-300.
const TIMES_ADAPTIVE_LIMIT = [0.6, 0.8, 6, Number.POSITIVE_INFINITY] as const; // calls in flight over the adaptive limit, by rank
const SHARES_OF_MAX = [0.7, 0.8, 0.95, 1] as const; // calls in flight over `max`, by rank

export class Admission {
  readonly #settings: AdmissionSettings;
  readonly #permits = new Permits();
  readonly #gradient: GradientLimit;
  readonly #sojourn = new Sojourn();
  readonly #level = new ShedLevel();

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.#gradient = new GradientLimit({ floor: settings.floor, ceiling: settings.max });
  }

  /** Calls in flight. */
  inFlight(now: number): number {
    return this.#permits.count(now);
  }

  /** Predicted time of one more call, ms; 0 where too little is known. */
  predictedMs(now: number): number {
    return this.#sojourn.predictedMs(now);
  }

  /** The level of calls that callers should shed before they send them. @see ShedLevel */
  shedLevel(now: number): number {
    return this.#level.at(now);
  }

  /** @param remainingMs time until the call's deadline; Infinity for none @returns undefined where the call may pass */
  refusal(rank: Rank, remainingMs: number, now: number): AdmissionRefusal | undefined {
    const inFlight = this.#permits.count(now);
    const { max } = this.#settings;
    const { limit, isProbing } = this.#gradient;
    const times = TIMES_ADAPTIVE_LIMIT[rank] ?? 1;
    const adaptive = (isProbing && rank < MOST_CRITICAL ? Math.min(1, times) : times) * limit;
    const isFull = inFlight >= max;
    const isRefused = isFull || inFlight >= Math.min((SHARES_OF_MAX[rank] ?? 1) * max, adaptive);
    this.#level.record(rank, isRefused, now);
    if (isRefused) return isFull ? "full" : "level";
    // With few calls in flight, or where calls do not wait for one another, there is no queue to predict from.
    return inFlight >= limit && this.#sojourn.predictedMs(now) > remainingMs ? "late" : undefined;
  }

  begin(now: number, deadlineAt: number): Permit {
    const permit = this.#permits.acquire(now, deadlineAt, undefined);
    this.#sojourn.setInFlight(permit.inFlightAtStart, now, this.#gradient.baseMs);
    return permit;
  }

  /** @param isSample whether the host worked on the call to its end, or to its deadline */
  end(permit: Permit, now: number, isSample: boolean): void {
    if (!this.#permits.release(permit)) return;
    this.#sojourn.setInFlight(this.#permits.count(now), now, this.#gradient.baseMs);
    if (!isSample) return;
    this.#sojourn.completed();
    this.#gradient.sample(now - permit.startedAt, permit.inFlightAtStart, now);
  }
}

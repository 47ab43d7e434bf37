// The server's half: a host admits what can end in its time, and of what matters less only as much as nobody has to wait for.
import { MOST_CRITICAL, type Rank } from "./criticality.ts";
import { GradientLimit } from "./gradient.ts";
import { type Permit, Permits } from "./permits.ts";
import { ShedLevel } from "./shed-level.ts";
import { Sojourn } from "./sojourn.ts";

export interface AdmissionSettings {
  readonly max: number; // calls in flight, whatever their level
  readonly floor: number; // calls in flight that are never too many for any level
}

/** Why a call is refused: nobody gets in, nobody of its level, or it would not end in its time. */
export type AdmissionRefusal = "full" | "level" | "late";

const OF_ADAPTIVE = [0.6, 0.8, 6, Number.POSITIVE_INFINITY] as const; // times the adaptive limit, by rank
const OF_MAX = [0.7, 0.8, 0.95, 1] as const; // of `max`, by rank

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

  /** What one call more would take, ms, as far as is known; 0 where too little is. */
  predictedMs(now: number): number {
    return this.#sojourn.predictedMs(now);
  }

  /** What callers should shed before they ask. @see ShedLevel */
  shedLevel(now: number): number {
    return this.#level.at(now);
  }

  /** @param remainingMs until the call's deadline; Infinity for none @returns undefined where it may pass */
  refusal(rank: Rank, remainingMs: number, now: number): AdmissionRefusal | undefined {
    const inFlight = this.#permits.count(now);
    const { max } = this.#settings;
    const isFull = inFlight >= max;
    const times = OF_ADAPTIVE[rank] ?? 1;
    const borne = Math.min(
      (OF_MAX[rank] ?? 1) * max,
      (this.#gradient.isProbing && rank < MOST_CRITICAL ? Math.min(1, times) : times) * this.#gradient.limit,
    );
    const isRefused = isFull || inFlight >= borne;
    this.#level.record(rank, isRefused, now);
    if (isRefused) return isFull ? "full" : "level";
    // Of few calls, or of calls that don't wait for one another, nothing can be foretold.
    return inFlight >= this.#gradient.limit && this.#sojourn.predictedMs(now) > remainingMs ? "late" : undefined;
  }

  begin(now: number, deadlineAt: number): Permit {
    const permit = this.#permits.acquire(now, deadlineAt, 0);
    this.#sojourn.setInFlight(permit.inFlightAtStart, now, this.#gradient.baseMs);
    return permit;
  }

  /** @param isEvident whether it was worked on to its end, or to its deadline */
  end(permit: Permit, now: number, isEvident: boolean): void {
    if (!this.#permits.release(permit)) return;
    this.#sojourn.setInFlight(this.#permits.count(now), now, this.#gradient.baseMs);
    if (!isEvident) return;
    const tookMs = now - permit.startedAt;
    this.#sojourn.completed();
    this.#gradient.sample(tookMs, permit.inFlightAtStart, now);
  }
}

// Calls for the same answer, of which one asks and the others wait. Within an isolate; it can't hang.
import { Rejected, type Rejection } from "../../../../core/rejection.ts";

/** What came of a flight. Plain data in any case: nothing that belongs to one request may be used by another. */
export type FlightResult<T> = { readonly kind: "landed"; readonly value: T } | { readonly kind: "failed"; readonly failure: FlightFailure };

export type FlightFailure = { readonly rejection: Rejection } | { readonly message: string };

export type JoinResult<T> =
  | (FlightResult<T> & { readonly isLeader: boolean })
  | { readonly kind: "full" } // too many wait already
  | { readonly kind: "late" }; // the caller's own time is up

export interface JoinLimits {
  readonly maxFollowers: number;
  readonly deadlineAt: number; // of this caller, epoch ms
  readonly patienceMs: number; // after which a leader is taken for lost, and another call leads
}

interface Flight<T> {
  readonly promise: Promise<FlightResult<T>>;
  readonly startedAt: number; // epoch ms
  followers: number;
}

/**
 * On Workers a promise whose request has ended stays pending for ever, and so would everybody who waits for it. Hence: the leader's
 * work goes on behind its answer (`keepAlive`), followers bring their own timer, and one whose patience ends leads itself.
 */
export class SingleFlight<T> {
  readonly #keepAlive: (work: Promise<unknown>) => void;
  readonly #flying = new Map<string, Flight<T>>();

  /** @param keepAlive `waitUntil` */
  constructor(keepAlive: (work: Promise<unknown>) => void) {
    this.#keepAlive = keepAlive;
  }

  get size(): number {
    return this.#flying.size;
  }

  /** @param lead asks; it has a deadline of its own, not that of any caller */
  async join(key: string, wait: JoinLimits, lead: () => Promise<T>): Promise<JoinResult<T>> {
    for (;;) {
      const now = Date.now();
      let flight = this.#flying.get(key);
      if (flight !== undefined && now >= flight.startedAt + wait.patienceMs) flight = undefined; // its leader is lost
      if (flight !== undefined && flight.followers >= wait.maxFollowers) return { kind: "full" };
      const isLeader = flight === undefined;
      flight ??= this.#start(key, lead, now);
      const remainingMs = wait.deadlineAt - now;
      const patienceMs = isLeader ? remainingMs : Math.min(remainingMs, flight.startedAt + wait.patienceMs - now);
      flight.followers += isLeader ? 0 : 1;
      const landed = await withTimer(flight.promise, patienceMs);
      flight.followers -= isLeader ? 0 : 1;
      if (landed !== undefined) return { ...landed, isLeader };
      if (patienceMs >= remainingMs) return { kind: "late" };
    }
  }

  /** Asks behind the answer, where nobody is asking already. */
  startInBackground(key: string, patienceMs: number, lead: () => Promise<T>): void {
    const now = Date.now();
    const flight = this.#flying.get(key);
    if (flight === undefined || now >= flight.startedAt + patienceMs) this.#start(key, lead, now);
  }

  #start(key: string, lead: () => Promise<T>, now: number): Flight<T> {
    const promise = lead().then(
      (value): FlightResult<T> => ({ kind: "landed", value }),
      (error: unknown): FlightResult<T> => ({ kind: "failed", failure: failureOf(error) }),
    );
    const flight: Flight<T> = { promise, startedAt: now, followers: 0 };
    this.#flying.set(key, flight);
    this.#keepAlive(
      promise.then(() => {
        if (this.#flying.get(key) === flight) this.#flying.delete(key);
      }),
    );
    return flight;
  }
}

/** @returns undefined where the time is up first */
async function withTimer<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  if (!Number.isFinite(ms)) return promise;
  const landed = new AbortController();
  const timer = scheduler.wait(Math.max(0, ms), { signal: landed.signal }).then(
    () => undefined,
    () => undefined,
  );
  const first = await Promise.race([promise, timer]);
  landed.abort();
  return first;
}

function failureOf(error: unknown): FlightFailure {
  if (error instanceof Rejected) return { rejection: error.rejection };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The failure of one call, as the error of another. */
export function errorOf(failure: FlightFailure): Error {
  return "rejection" in failure ? new Rejected(failure.rejection) : new Error(failure.message);
}

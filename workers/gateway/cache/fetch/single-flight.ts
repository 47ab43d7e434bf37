// Single flight: of several calls that need the same fetch at once, one makes it and the others wait. Within an isolate.
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import { SharedOutcome } from "../../background/shared-outcome.ts";

/** The result of a fetch for all calls that wait for it. Plain data: an object that belongs to one request must not be used by another. */
export type FlightResult<T> = { readonly kind: "done"; readonly value: T } | { readonly kind: "failed"; readonly failure: FlightFailure };

export type FlightFailure = { readonly rejection: Rejection } | { readonly message: string };

export type JoinResult<T> =
  | FlightResult<T>
  | { readonly kind: "full" } // the largest number of calls waits already
  | { readonly kind: "late" }; // the caller's deadline has passed

/** More fetches than these are not shared: their keys, of up to 16 KB each, would have no bound where calls in flight have none. */
export const MAX_FLIGHTS = 1_000;
const FULL = { kind: "full" } as const;
const LATE = { kind: "late" } as const;

export interface JoinLimits {
  readonly maxFollowers: number;
  readonly deadlineAt: number; // deadline of the joining call, epoch ms
  readonly leaderTimeoutMs: number; // a fetch that takes longer counts as lost, and the next call starts another one
}

interface Flight<T> {
  readonly result: SharedOutcome<FlightResult<T>>;
  readonly startedAt: number; // epoch ms
  followers: number;
}

/**
 * On Workers, a promise whose request has ended never settles, or rejects (workerd, `handle_cross_request_promise_resolution`). Therefore
 * the fetch of a leader continues after its response (`keepAlive`), each follower waits for a promise and with a timer of its own, and a
 * follower that has waited for `leaderTimeoutMs` becomes a leader.
 */
export class SingleFlight<T> {
  readonly #keepAlive: (work: Promise<unknown>) => void;
  readonly #flights = new Map<string, Flight<T>>();

  /** @param keepAlive `waitUntil` */
  constructor(keepAlive: (work: Promise<unknown>) => void) {
    this.#keepAlive = keepAlive;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** @param lead makes the fetch, with a deadline that does not depend on any caller. Called where this call becomes the leader */
  async join(key: string, limits: JoinLimits, lead: () => Promise<T>): Promise<JoinResult<T>> {
    for (;;) {
      const now = Date.now();
      let flight = this.#flights.get(key);
      if (flight !== undefined && now >= flight.startedAt + limits.leaderTimeoutMs) flight = undefined; // its leader is lost
      if (flight !== undefined && flight.followers >= limits.maxFollowers) return FULL;
      const isLeader = flight === undefined;
      flight ??= this.#start(key, lead, now);
      const remainingMs = limits.deadlineAt - now;
      const waitMs = isLeader ? remainingMs : Math.min(remainingMs, flight.startedAt + limits.leaderTimeoutMs - now);
      flight.followers += isLeader ? 0 : 1;
      const result = await flight.result.wait(waitMs);
      flight.followers -= isLeader ? 0 : 1;
      if (result !== undefined) return result;
      if (waitMs >= remainingMs) return LATE;
    }
  }

  /** Starts a fetch that no caller waits for, unless one is under way. */
  startInBackground(key: string, leaderTimeoutMs: number, lead: () => Promise<T>): void {
    const now = Date.now();
    const flight = this.#flights.get(key);
    if (flight === undefined || now >= flight.startedAt + leaderTimeoutMs) this.#start(key, lead, now);
  }

  /** The flight ends before its result is known: a call that needs another fetch finds none that is over. */
  #start(key: string, lead: () => Promise<T>, now: number): Flight<T> {
    const settle = (result: FlightResult<T>): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      flight.result.settle(result);
    };
    const flight: Flight<T> = { result: new SharedOutcome(), startedAt: now, followers: 0 };
    if (this.#flights.size < MAX_FLIGHTS) this.#flights.set(key, flight);
    const work = lead().then(
      (value) => settle({ kind: "done", value }),
      (error: unknown) => settle({ kind: "failed", failure: failureOf(error) }),
    );
    this.#keepAlive(work);
    return flight;
  }
}

function failureOf(error: unknown): FlightFailure {
  if (error instanceof Rejected) return { rejection: error.rejection };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The failure of a leader as an error of one follower. */
export function errorOf(failure: FlightFailure): Error {
  return "rejection" in failure ? new Rejected(failure.rejection) : new Error(failure.message);
}

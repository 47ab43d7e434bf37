// One attempt to send a call to an endpoint: its number, its bounds, and the endpoints that the call has been sent to.
import type { Budget } from "../../../core/budget.ts";
import type { Call, Clock } from "../call.ts";

/** What bounds an attempt, beside what bounds its call. */
export interface AttemptBounds {
  readonly maxMs?: number; // longest time an operator gives an attempt
  readonly budget?: Budget; // pays for attempts beyond the first one
  readonly deadlineAt?: number; // epoch ms; the call's where it is not given
  readonly signal?: AbortSignal; // the call's where it is not given
  readonly isCopy?: boolean; // goes to a mirror: the call does not wait for it
}

const NO_BOUNDS: AttemptBounds = {};

/** One attempt, made by the layer that starts it (`retry`, `hedge`), else by `dispatch`. Hedged attempts run side by side. */
export class CallAttempt implements Clock {
  readonly number: number; // from 1
  readonly receivedAt: number; // epoch ms; of the call
  readonly deadlineAt: number; // epoch ms
  readonly tried: Set<string>; // endpoints that attempts of the call were sent to; `Upstream.pick` adds to them
  readonly maxMs: number; // longest time an operator gives an attempt, whatever is left of the call; Infinity for none
  readonly budget: Budget | undefined; // pays for attempts beyond the first one
  readonly headers: Headers; // headers of the request that is sent
  readonly isCopy: boolean; // goes to a mirror: it is no attempt of the call
  readonly #call: Call;
  readonly #signal: AbortSignal | undefined;

  constructor(call: Call, number = 1, tried = new Set<string>(), bounds = NO_BOUNDS, headers = call.outgoing.headers) {
    this.number = number;
    this.receivedAt = call.receivedAt;
    this.deadlineAt = bounds.deadlineAt ?? call.deadlineAt;
    this.tried = tried;
    this.maxMs = bounds.maxMs ?? Number.POSITIVE_INFINITY;
    this.budget = bounds.budget;
    this.headers = headers;
    this.isCopy = bounds.isCopy === true;
    this.#call = call;
    this.#signal = bounds.signal;
  }

  /** Ends the fetch of this attempt. */
  get signal(): AbortSignal | null {
    return this.#signal ?? this.#call.sendSignal;
  }

  /** Whether the gateway or the caller has ended it: at its deadline, by hanging up, for a faster attempt, or as the body broke off. */
  get isEnded(): boolean {
    return this.signal?.aborted === true || this.#call.upload?.failure !== undefined;
  }
}

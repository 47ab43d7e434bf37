// One attempt to send a call to an endpoint: its number, its bounds, and the endpoints that the call has been sent to.
import type { Budget } from "../../core/budget.ts";
import type { OutboundCall } from "./outbound-call.ts";

/** What bounds an attempt, beside what bounds its call. */
export interface AttemptBounds {
  readonly maxMs?: number; // longest time an operator gives an attempt
  readonly budget?: Budget; // pays for attempts beyond the first one
  readonly deadlineAt?: number; // epoch ms; the call's where it is not given
  readonly signal?: AbortSignal; // the call's where it is not given
  readonly isCopy?: boolean; // goes to a mirror: the call does not wait for it
}

const NO_BOUNDS: AttemptBounds = {};

/** One attempt, made by what starts it (`withRetries`, `hedged`), else by what sends it. Hedged attempts run side by side. */
export class CallAttempt {
  readonly number: number; // from 1
  readonly receivedAt: number; // epoch ms; of the call
  readonly deadlineAt: number; // epoch ms
  readonly tried: Set<string>; // endpoints that attempts of the call were sent to; `Upstream.pick` adds to them
  readonly maxMs: number; // longest time an operator gives an attempt, whatever is left of the call; Infinity for none
  readonly budget: Budget | undefined; // pays for attempts beyond the first one
  readonly headers: Headers; // headers of the request that is sent
  readonly isCopy: boolean; // goes to a mirror: it is no attempt of the call
  readonly #call: OutboundCall;
  readonly #signal: AbortSignal | undefined;

  constructor(call: OutboundCall, number = 1, tried = new Set<string>(), bounds = NO_BOUNDS, headers = call.outgoing.headers) {
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

  /** Whether the sender or its caller has ended it: at its deadline, by hanging up, for a faster attempt, or as the body broke off. */
  get isEnded(): boolean {
    return this.signal?.aborted === true || this.#call.upload?.failure !== undefined;
  }
}

/** Sends one attempt of a call, or passes it to what does. @throws Rejected where it is not sent, or has no response */
export type AttemptSender<C extends OutboundCall> = (call: C, attempt: CallAttempt) => Response | Promise<Response>;

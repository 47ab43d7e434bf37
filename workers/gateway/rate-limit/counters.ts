// What the limiter of an isolate has done since its start, and the record of it for operators.
import { logEvent } from "../../log.ts";

const LOG_INTERVAL_MS = 60_000; // between two records: an isolate is one of thousands

/** Each field has one meaning for leases and for exact buckets. */
export class LimiterCounters {
  leasesHeld = 0; // keys of which the isolate has a lease, expired ones included
  messages = 0; // sent to Durable Objects
  awaitedMessages = 0; // messages that at least one call waited for
  awaitedCalls = 0; // calls that waited for a message
  debtAdmitted = 0; // tokens that passed before they were granted
  debtForgiven = 0; // tokens of debt that no bucket was charged for
  refusedByObject = 0; // calls, after a response of the Durable Object
  refusedByLease = 0; // calls, by what the isolate knew already
  refusedByTimeout = 0; // calls, because no response came in time or the Durable Object was unreachable
  passedUndecided = 0; // calls that passed for the same reason, since their rule fails open
  #loggedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #logged = 0;

  /** Writes a record if calls were refused or passed for want of a response, or debt was forgiven, since the last one; at most one a minute. */
  log(now: number): void {
    const notable = this.refusedByTimeout + this.passedUndecided + this.debtForgiven;
    if (notable <= this.#logged || now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    this.#logged = notable;
    logEvent("rate_limit_counters", { ...this });
  }
}

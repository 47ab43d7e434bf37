// How recent an isolate's view of revocations is, and what follows for a call with a cached key.
//
//   current --maxAgeMs--> outdated: the call waits for one question to the relay
//                           | answered: current
//                           | no answer: the last view counts, up to maxStaleMs; then calls are refused
//
// Calls do not wait for one failing question after the other: for a while after a failure they use the last view at once, and the next
// question runs in the background.

export interface ViewLimits {
  readonly maxAgeMs: number; // a view of this age needs no question
  readonly maxStaleMs: number; // a view of this age counts where a question has no answer; at least maxAgeMs
}

/**
 * What a call with a cached key does. `usable`: uses the key; with `refreshes`, a question starts in the background. `waits`: waits for a
 * question. `unusable`: is refused, because the view is too old and the relay has just failed to respond.
 */
export type ViewDecision =
  | { readonly kind: "usable"; readonly refreshes: boolean }
  | { readonly kind: "waits" }
  | { readonly kind: "unusable"; readonly refreshes: boolean };

const USABLE: ViewDecision = { kind: "usable", refreshes: false };
const USABLE_REFRESHING: ViewDecision = { kind: "usable", refreshes: true };
const WAITS: ViewDecision = { kind: "waits" };
const UNUSABLE: ViewDecision = { kind: "unusable", refreshes: false };
const UNUSABLE_REFRESHING: ViewDecision = { kind: "unusable", refreshes: true };
const REFRESH_SHARE = 0.8; // share of maxAgeMs: from then on a question runs in the background, so that no call has to wait
const FAILED_MS = 5_000; // after a failure no call waits for this long
const RETRY_MS = 1_000; // between two questions after a failure

/** Times are epoch ms of the isolate's clock. */
export class RevocationView {
  readonly #limits: ViewLimits;
  #asOf = Number.NEGATIVE_INFINITY; // all changes up to then are known
  #failedAt = Number.NEGATIVE_INFINITY; // when the last question ended without an answer; -Infinity after an answer
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(limits: ViewLimits) {
    this.#limits = limits;
  }

  /** Age of the view; Infinity where nothing is known, or where the clock was set back since. */
  ageMs(now: number): number {
    return this.#asOf > now ? Number.POSITIVE_INFINITY : now - this.#asOf;
  }

  decide(now: number): ViewDecision {
    const { maxAgeMs, maxStaleMs } = this.#limits;
    const age = this.ageMs(now);
    if (age <= maxAgeMs) return age > REFRESH_SHARE * maxAgeMs && this.#mayRefresh(now) ? USABLE_REFRESHING : USABLE;
    if (!this.#hasJustFailed(now)) return WAITS;
    if (age <= maxStaleMs) return this.#mayRefresh(now) ? USABLE_REFRESHING : USABLE;
    return this.#mayRefresh(now) ? UNUSABLE_REFRESHING : UNUSABLE;
  }

  /** A question was sent. */
  sent(now: number): void {
    this.#sentAt = now;
  }

  /**
   * A view has arrived, as the answer to a question or with an exchange. An answer with a view that is outdated itself counts as a failure:
   * the relay cannot reach the Durable Object.
   *
   * @param sentAt when the question was sent
   * @param ageMs  age of the view, by the clock of the relay, when it was sent back
   */
  learned(sentAt: number, ageMs: number, now: number): void {
    const asOf = sentAt - Math.max(0, ageMs);
    this.#asOf = this.#asOf > now ? asOf : Math.max(this.#asOf, asOf);
    if (this.ageMs(now) <= this.#limits.maxAgeMs) this.#failedAt = Number.NEGATIVE_INFINITY;
    else this.#failedAt = now;
  }

  /** A question has no answer. */
  failed(now: number): void {
    this.#failedAt = now;
  }

  #hasJustFailed(now: number): boolean {
    return now >= this.#failedAt && now - this.#failedAt < FAILED_MS;
  }

  /** One question at a time, and a pause after a failure. A time ahead of the clock was set before the clock was set back. */
  #mayRefresh(now: number): boolean {
    const since = Math.max(this.#sentAt, this.#failedAt);
    return since > now || now - since >= RETRY_MS;
  }
}

// Buckets of the isolate, and beside them the platform's own rate limits, which all isolates of a location share: inexact and free of charge.
import type { BucketDecision } from "../../../core/rate-limit/token-bucket.ts";
import type { LocalBuckets } from "./local-buckets.ts";
import { type BucketDecisions, type Charge, isAnyRefused, type RateLimiter } from "./rate-limiter.ts";

/** Longest wait for the platform. Its counters are in memory of the same machine; a call that takes longer has found a fault. */
const WAIT_MS = 50;
/** The binding tells no time. It counts in windows of 10 or 60 s: a caller that comes back within the same window is refused again. */
const RETRY_MS = 10_000;
const REFUSED: BucketDecision = { kind: "refused", remaining: 0, nextMs: RETRY_MS, retryAfterMs: RETRY_MS };

/**
 * For rules with `binding`: a call that the isolate's bucket admits is also counted under the binding of wrangler.toml, one call whatever
 * it costs. A binding that fails, or does not respond in time, refuses nothing.
 *
 * @see developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit
 */
export class PlatformLimits implements RateLimiter {
  readonly #local: LocalBuckets;
  readonly #bindings: Readonly<Record<string, unknown>>;

  /** @param bindings the Worker's environment; the checks of the configuration report a binding that is missing */
  constructor(local: LocalBuckets, bindings: Readonly<Record<string, unknown>>) {
    this.#local = local;
    this.#bindings = bindings;
  }

  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions> {
    const decisions = this.#local.take(charges);
    const isBound = charges.some(({ rule }) => rule.binding !== undefined);
    return !isBound || isAnyRefused(decisions) ? decisions : this.#takeBound(charges, decisions, deadlineAt);
  }

  returnTokens(charges: readonly Charge[]): void {
    this.#local.returnTokens(charges);
  }

  overdraw(charges: readonly Charge[]): void {
    this.#local.overdraw(charges);
  }

  async #takeBound(charges: readonly Charge[], decisions: BucketDecisions, deadlineAt: number): Promise<BucketDecisions> {
    const ended = new AbortController();
    const waitMs = Math.max(0, Math.min(WAIT_MS, deadlineAt - Date.now()));
    const passes = (): boolean => true;
    const late = scheduler.wait(waitMs, { signal: ended.signal }).then(passes, passes);
    const admitted = await Promise.all(charges.map((charge) => Promise.race([this.#admits(charge), late])));
    ended.abort();
    if (!admitted.includes(false)) return decisions;
    this.#local.returnTokens(charges);
    return decisions.map((decision, index) => (admitted[index] === true ? decision : REFUSED));
  }

  async #admits({ rule, key }: Charge): Promise<boolean> {
    if (rule.binding === undefined) return true;
    try {
      return (await (this.#bindings[rule.binding] as RateLimit).limit({ key })).success;
    } catch {
      return true; // the isolate's own bucket goes on deciding
    }
  }
}

// Failed authentications, counted in the isolate by the network that they come from, and what of them is logged.
import type { AuthReason } from "../../../core/auth/auth-reason.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import { sampled } from "../../sampled.ts";
import { Attempts } from "./attempts.ts";

const LIMIT: BucketLimit = { capacity: 20, rate: 1, intervalMs: 1_000 };

export class AuthFailures {
  readonly #attempts = new Attempts(LIMIT);
  readonly #counts = new Map<AuthReason, ReturnType<typeof sampled>>();

  /**
   * Whether credentials of a network are verified now. Takes nothing: only a failure counts.
   *
   * @param network as `Caller.network` names it
   * @param now     epoch ms
   * @returns ms after which they are; 0 for now
   */
  retryAfterMs(network: string, now: number): number {
    return this.#attempts.retryAfterMs(network, now);
  }

  /** @returns the refusals for this reason since one was logged, or 0 where none is to be logged now */
  logged(reason: AuthReason, now: number): number {
    const count = this.#counts.get(reason) ?? sampled();
    this.#counts.set(reason, count);
    return count(now);
  }

  /** Counts one failure. */
  count(network: string, now: number): void {
    this.#attempts.count(network, now);
  }
}

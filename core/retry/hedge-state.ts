// What an isolate knows about hedging at one upstream: how busy the upstream is, and one hedger for each method.
import type { HedgePolicy } from "../config/retry.ts";
import { Hedger } from "./hedge.ts";
import { HedgeGuard } from "./hedge-guard.ts";

export class HedgeState {
  /** One for all methods: how busy an upstream is does not depend on the method. */
  readonly guard = new HedgeGuard();
  readonly #hedgers = new Map<string, Hedger>(); // keys: paths of configured methods

  /** @param policy of the method; the first call at `path` sets it */
  hedgerOf(path: string, policy: HedgePolicy): Hedger {
    let hedger = this.#hedgers.get(path);
    if (hedger === undefined) {
      hedger = new Hedger(policy, this.guard);
      this.#hedgers.set(path, hedger);
    }
    return hedger;
  }
}

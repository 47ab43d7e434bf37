// Sends a read that takes long a second time, to another endpoint. The first good response is used, and the other attempt is ended.

import { waitUntil } from "cloudflare:workers";
import type { HedgePolicy } from "../../../core/config/retry.ts";
import type { Counter } from "../../../core/metrics/cells.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import { CallAttempt } from "../../call/call-attempt.ts";
import { type HedgeRules, hedged } from "../../call/hedge.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";

export interface HedgeSettings {
  readonly policy: HedgePolicy | undefined; // undefined where the route is not hedged
  readonly traits: MethodTraits;
  readonly state: HedgeState; // all methods of the upstream share it
  readonly counter?: Counter | undefined; // counts second attempts
}

/** For methods without side effects: two attempts may run side by side. */
export function hedge({ policy, traits, state, counter }: HedgeSettings): Layer | undefined {
  if (policy === undefined || !traits.hasNoSideEffects) return undefined;
  const rules: HedgeRules = { policy, state, hedging: () => counter?.add(1), keepAlive: waitUntil };
  return needsWholeBody(
    (next) =>
      (call, attempt = new CallAttempt(call)) =>
        hedged(rules, call, attempt, next),
  );
}

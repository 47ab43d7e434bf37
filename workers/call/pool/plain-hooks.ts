// The hooks of a pool whose owner counts and logs nothing: its policies hold for every call, and no endpoint depends on key or location.
import type { OutboundCall } from "../outbound-call.ts";
import type { Decider } from "./decider.ts";
import type { HashKey, PoolHooks } from "./pool-hooks.ts";

const nothing = (): undefined => undefined;

const ENFORCING: Decider<OutboundCall> = { isEnforcedFor: () => true, allowed: nothing, refused: nothing, reported: nothing, refuses: () => true };

/** @param keyOf the key of a call, for balancers that hash */
export function plainHooks<C extends OutboundCall>(keyOf: (call: C) => HashKey): PoolHooks<C> {
  return {
    decider: () => ENFORCING,
    keyOf,
    locationOf: nothing,
    shed: nothing,
    attemptBegan: nothing,
    attemptEnded: nothing,
    endpointChanged: nothing,
  };
}

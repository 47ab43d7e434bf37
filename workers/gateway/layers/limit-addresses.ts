// Refuses calls of addresses that may not call the route, before anything else of them is looked at.
import { addressFault, limitsAddresses } from "../../../core/auth/address-lists.ts";
import type { AddressPolicy } from "../../../core/config/auth/addresses.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import { Enforcer } from "../call/enforcer.ts";
import type { Layer } from "../call/layer.ts";

/** @returns undefined where all addresses may call */
export function limitAddresses(parts: RefusalParts, policy: AddressPolicy): Layer | undefined {
  if (policy.mode === "off" || !limitsAddresses(policy)) return undefined;
  const enforcer = new Enforcer("addresses", "", policy);
  return (next) => (call) => {
    const reason = addressFault(call.caller.address, policy);
    if (reason === undefined) enforcer.allowed(call);
    else if (enforcer.refuses(call, reason)) refuse(parts, call, { kind: "permission_denied", reason });
    return next(call);
  };
}

// Refuses calls of addresses that may not call the route, before anything else of them is looked at.
import { type AddressLists, addressFault, limitsAddresses } from "../../../core/auth/address-lists.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import type { Layer } from "../call/layer.ts";

/** @returns undefined where all addresses may call */
export function limitAddresses(parts: RefusalParts, lists: AddressLists): Layer | undefined {
  if (!limitsAddresses(lists)) return undefined;
  return (next) => (call) => {
    const reason = addressFault(call.caller.address, lists);
    if (reason !== undefined) refuse(parts, call, { kind: "permission_denied", reason });
    return next(call);
  };
}

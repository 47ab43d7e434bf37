// Which addresses may call a route.
import { type AddressRange, isAddress, isInRanges } from "../ip.ts";

export interface AddressLists {
  readonly allow: readonly AddressRange[]; // empty: all but those of `deny`
  readonly deny: readonly AddressRange[]; // has the last word
}

export const ALL_ADDRESSES: AddressLists = { allow: [], deny: [] };

/** `address_unknown`: the edge reports no address, so that no list can be looked up. */
export type AddressFault = "address_denied" | "address_unknown";

export function limitsAddresses({ allow, deny }: AddressLists): boolean {
  return allow.length > 0 || deny.length > 0;
}

/**
 * @param address value of `CF-Connecting-IP`. Its spelling does not matter: an IPv4 address within IPv6 counts as the IPv4 address.
 * @returns undefined where the address may call
 */
export function addressFault(address: string | null, rules: AddressLists): AddressFault | undefined {
  if (!limitsAddresses(rules)) return undefined;
  if (address === null || !isAddress(address)) return "address_unknown";
  if (isInRanges(address, rules.deny)) return "address_denied";
  return rules.allow.length === 0 || isInRanges(address, rules.allow) ? undefined : "address_denied";
}

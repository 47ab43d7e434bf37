// Settings of the addresses that may call a route.
import * as v from "valibot";
import { type AddressLists, ALL_ADDRESSES } from "../../auth/address-lists.ts";
import { type AddressRange, parseAddressRange } from "../../ip.ts";
import { ENFORCED, type Enforcement, modeAndPercent } from "../enforcement.ts";
import { type Checks, join } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, type InputOf, readByCode } from "../setting.ts";

/** Ranges of one list. */
const MAX_RANGES = 256;
const FIX = 'write addresses and ranges in a list: ["192.0.2.0/24", "2001:db8::/32"]';

const ranges = v.array(v.string());

export const ADDRESS_SETTINGS = block({
  allow: readByCode(ranges, `Addresses and CIDR ranges that may call, at most ${MAX_RANGES}; all others are refused.`, {
    shape: "addresses and CIDR ranges",
    shownDefault: "all",
  }),
  deny: readByCode(ranges, "Addresses and CIDR ranges that are refused, also where `allow` has them.", {
    shape: "addresses and CIDR ranges",
    shownDefault: "none",
  }),
  ...modeAndPercent("calls of addresses that would be refused are counted and logged"),
});

/** Which addresses may call a route, and for whom that holds. */
export interface AddressPolicy extends AddressLists, Enforcement {}

export const ALL_CALLERS: AddressPolicy = { ...ALL_ADDRESSES, ...ENFORCED };

export type AddressesInput = InputOf<typeof ADDRESS_SETTINGS>;

export function parseAddresses(check: Checks, path: string, value: unknown, outer: AddressPolicy): AddressPolicy {
  if (value === undefined) return outer;
  if (value === false) return ALL_CALLERS;
  const { allow, deny, mode, percent } = readBlock(check, path, ADDRESS_SETTINGS, value);
  return { allow: parseRanges(check, join(path, "allow"), allow), deny: parseRanges(check, join(path, "deny"), deny), mode, percent };
}

function parseRanges(check: Checks, path: string, value: unknown): readonly AddressRange[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_RANGES) {
    check.report(path, value, `${FIX}, at most ${MAX_RANGES}; leave it out for none`);
    return [];
  }
  return value.flatMap((text: unknown, index) => {
    const range = typeof text === "string" ? parseAddressRange(text) : undefined;
    if (range === undefined) check.report(`${path}[${index}]`, text, "write an IPv4 or IPv6 address, or a range such as 192.0.2.0/24");
    else if (hasHostBits(range))
      check.report(`${path}[${index}]`, text, "write the first address of the range: bits after its length are set");
    else return [range];
    return [];
  });
}

/** A range that is written with another address than its first one is usually a mistake, and means more addresses than it seems to. */
function hasHostBits({ groups, bits }: AddressRange): boolean {
  return groups.some((group, index) => {
    const kept = Math.max(0, Math.min(16, bits - 16 * index));
    return (group & (0xffff >> kept)) !== 0;
  });
}

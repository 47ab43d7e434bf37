// A key as an isolate holds it: prepared, so that a call with it costs one digest and a few comparisons.

import { bytesOfHex, equalBytes } from "../auth/sha256.ts";
import { type AddressRange, isInRanges } from "../ip.ts";
import { type KeyGrant, rangesOf } from "./key-record.ts";

/** Why a call with a key is refused although the key can be read. */
export type KeyRefusal = "key_unknown" | "key_replaced" | "key_revoked" | "key_expired" | "key_address_denied";

export interface HeldKey {
  readonly grant: KeyGrant;
  readonly digest: Uint8Array;
  readonly previous: { readonly digest: Uint8Array; readonly until: number } | undefined;
  readonly ranges: readonly AddressRange[];
  usedAt: number; // epoch ms at which a use was last noted; 0 for never
}

export function holdKey(grant: KeyGrant): HeldKey {
  const { digest, previous, addresses } = grant;
  return {
    grant,
    digest: digestBytes(digest),
    previous: previous && { digest: digestBytes(previous.digest), until: previous.until },
    ranges: rangesOf(addresses),
    usedAt: 0,
  };
}

/** Which of the digests of a key is that of the call: compared in constant time, both of them in any case. */
export function digestMatch({ digest, previous }: HeldKey, called: Uint8Array): "current" | "previous" | undefined {
  const isCurrent = equalBytes(digest, called);
  const isPrevious = previous !== undefined && equalBytes(previous.digest, called);
  return isCurrent ? "current" : isPrevious ? "previous" : undefined;
}

/**
 * @param match   as `digestMatch` has returned it
 * @param address of the caller; null for an unknown one, which is in no range
 * @returns undefined where the key counts
 */
export function refusalOf(
  { grant, previous, ranges }: HeldKey,
  match: "current" | "previous" | undefined,
  address: string | null,
  now: number,
): KeyRefusal | undefined {
  if (match === undefined) return "key_unknown";
  if (grant.revokedAt !== undefined) return "key_revoked";
  if (match === "previous" && now >= previous!.until) return "key_replaced";
  if (grant.expiresAt !== undefined && now >= grant.expiresAt) return "key_expired";
  if (grant.addresses.length > 0 && !isInRanges(address, ranges)) return "key_address_denied";
  return undefined;
}

/** Epoch ms until which the key counts; Infinity for no end. */
export function endOf({ grant, previous }: HeldKey, match: "current" | "previous"): number {
  const expiresAt = grant.expiresAt ?? Number.POSITIVE_INFINITY;
  return match === "previous" ? Math.min(expiresAt, previous!.until) : expiresAt;
}

/** A digest that is none equals nothing: a call has 32 bytes. */
function digestBytes(hex: string): Uint8Array {
  return bytesOfHex(hex) ?? new Uint8Array();
}

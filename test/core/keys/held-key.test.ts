// Whether a call with a key is accepted: digests, times and addresses, at and around each bound.
import { describe, expect, it } from "vitest";
import { bytesOfHex } from "../../../core/auth/sha256.ts";
import { digestMatch, endOf, holdKey, refusalOf } from "../../../core/keys/held-key.ts";
import type { KeyGrant } from "../../../core/keys/key-record.ts";

const [A, B, C] = ["aa".repeat(32), "bb".repeat(32), "cc".repeat(32)] as const;
const GRANT: KeyGrant = { id: "0123456789abcdef", revision: 1, digest: A, owner: "acme", plan: "", scopes: [], addresses: [] };
const ROLLED: KeyGrant = { ...GRANT, previous: { digest: B, lastFour: "", until: 500 } };
const called = (hex: string) => bytesOfHex(hex)!;

function refusal(grant: KeyGrant, digest: string, now: number, address: string | null = "192.0.2.1"): string {
  const key = holdKey(grant);
  return refusalOf(key, digestMatch(key, called(digest)), address, now) ?? "accepted";
}

describe("a call with a key", () => {
  it.each<[string, KeyGrant, string, number, string]>([
    ["of its digest", GRANT, A, 0, "accepted"],
    ["of another digest", GRANT, B, 0, "key_unknown"],
    ["of the former digest in the overlap", ROLLED, B, 499, "accepted"],
    ["of the former digest after it", ROLLED, B, 500, "key_replaced"],
    ["of the new digest after it", ROLLED, A, 500, "accepted"],
    ["of a third digest", ROLLED, C, 0, "key_unknown"],
    ["that ends later", { ...GRANT, expiresAt: 100 }, A, 99, "accepted"],
    ["that has ended", { ...GRANT, expiresAt: 100 }, A, 100, "key_expired"],
    ["that was revoked", { ...GRANT, revokedAt: 1 }, A, 0, "key_revoked"],
    ["that was revoked, of another digest", { ...GRANT, revokedAt: 1 }, B, 0, "key_unknown"],
    ["whose stored digest is damaged", { ...GRANT, digest: "zz" }, A, 0, "key_unknown"],
  ])("%s", (_, grant, digest, now, outcome) => {
    expect(refusal(grant, digest, now)).toBe(outcome);
  });

  it.each<[string | null, string]>([
    ["192.0.2.255", "accepted"],
    ["192.0.3.0", "key_address_denied"],
    ["2001:db8:ffff::1", "accepted"],
    ["2001:db9::1", "key_address_denied"],
    ["::ffff:192.0.2.1", "accepted"],
    ["no address", "key_address_denied"],
    [null, "key_address_denied"],
  ])("from %s, where the key is bound to addresses: %s", (address, outcome) => {
    expect(refusal({ ...GRANT, addresses: ["192.0.2.0/24", "2001:db8::/32"] }, A, 0, address)).toBe(outcome);
  });

  it("from nowhere, where no address of the key can be read", () => {
    expect(refusal({ ...GRANT, addresses: ["damaged"] }, A, 0)).toBe("key_address_denied");
  });
});

it("ends with its key, or with the overlap", () => {
  expect(endOf(holdKey(GRANT), "current")).toBe(Number.POSITIVE_INFINITY);
  expect(endOf(holdKey({ ...GRANT, expiresAt: 7 }), "current")).toBe(7);
  expect(endOf(holdKey(ROLLED), "previous")).toBe(500);
  expect(endOf(holdKey({ ...ROLLED, expiresAt: 400 }), "previous")).toBe(400);
  expect(endOf(holdKey({ ...ROLLED, expiresAt: 600 }), "previous")).toBe(500);
});

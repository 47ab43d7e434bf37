// The keys of an issuer, and which tokens they may verify.
import { expect, it } from "vitest";
import { KeySet, writtenKeys } from "../../../../../workers/gateway/auth/jwt/key-set.ts";
import { JWKS } from "../../../../support/callers.ts";

const [KEY] = JWKS.keys;

it("has the keys of a name, and any for a token that names none", () => {
  const keys = new KeySet(JWKS);
  expect([keys.has("test-1"), keys.has("test-2"), keys.has("test-1 "), keys.has(undefined)]).toEqual([true, false, false, true]);
});

it("is the same for a token as long as the keys of its name are", () => {
  const [one, more, other] = [{ keys: [KEY!] }, { keys: [KEY!, { ...KEY!, kid: "2" }] }, { keys: [{ ...KEY!, x: "AA" }] }].map(
    (jwks) => new KeySet(jwks),
  );
  expect(one!.identityOf("test-1")).toBe(more!.identityOf("test-1"));
  expect(one!.identityOf("test-1")).not.toBe(other!.identityOf("test-1"));
  expect(one!.identityOf(undefined)).not.toBe(more!.identityOf(undefined));
});

it("that is written never changes and needs no request", () => {
  const keys = writtenKeys(JWKS);
  expect(keys.current(0)).toBe(keys.current(Number.MAX_SAFE_INTEGER));
  expect(keys.request(undefined, 0, 0)).toBeUndefined();
});

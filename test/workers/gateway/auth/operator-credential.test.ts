// Credentials of operators in headers of Tidegate's own: the secret, and API keys by their role.
import { expect, it } from "vitest";
import { asciiBytes, hmacKey } from "../../../../core/auth/sha256.ts";
import { digestOf, makeKey, RANDOM_BYTES } from "../../../../core/keys/api-key.ts";
import { ApiKeys } from "../../../../workers/gateway/auth/keys/api-keys.ts";
import { KeyReader } from "../../../../workers/gateway/auth/keys/key-reader.ts";
import { KeyRing } from "../../../../workers/gateway/auth/keys/key-ring.ts";
import { operatorCredential } from "../../../../workers/gateway/auth/operator-credential.ts";

const TAGS = hmacKey(asciiBytes("a secret of the tags"));
const SECRET = "a secret of at least 32 characters, for admins";
const request = new Request("https://gateway.example/", { headers: { "cf-connecting-ip": "192.0.2.1" } });

function withKey(scopes: readonly string[]) {
  const ring = new KeyRing({ cacheBytes: 1_048_576, revocationMaxAgeMs: 60_000, maxStaleMs: 60_000 });
  const noRelay = { keys: () => Promise.reject(new Error("there is no relay")) };
  const keys = new ApiKeys({ env: "test", importedPrefixes: [] }, [TAGS], ring, new KeyReader(ring, noRelay, 50, () => undefined));
  const { id, text } = makeKey("test", TAGS, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
  const grant = { id, revision: 1, digest: digestOf(text), owner: "acme", plan: "", scopes, addresses: [] };
  const now = Date.now();
  const view = { delta: { kind: "same", seq: 0 }, ageMs: 0 } as const;
  ring.learn({ version: 2, keys: { [id]: { kind: "found", grant } }, view }, [{ id, revision: 0 }], now, now);
  return { keys, text };
}

it("takes the secret, and nothing like it", () => {
  const isOperator = operatorCredential(SECRET, undefined)!;
  expect(isOperator(SECRET, request)).toBe(true);
  for (const text of ["", "x", SECRET.toUpperCase(), `${SECRET} `, SECRET.slice(1)]) expect(isOperator(text, request)).toBe(false);
});

it.each([
  [["admin:operator"], true],
  [["admin:admin"], true],
  [["admin:viewer"], false],
  [["users.read"], false],
])("takes an API key with the scopes %o: %s", (scopes, isRight) => {
  const { keys, text } = withKey(scopes);
  expect(operatorCredential("", keys)!(text, request)).toBe(isRight);
});

it("refuses a made-up key without a question, and text of no form without any work", () => {
  const { keys, text } = withKey(["admin:operator"]);
  const isOperator = operatorCredential(SECRET, keys)!;
  expect(isOperator(`${text.slice(0, -8)}00000000`, request)).toBe(false);
  expect(isOperator("tg_test_short", request)).toBe(false);
});

it("does not exist where nothing gives such a credential", () => {
  expect(operatorCredential("", undefined)).toBeUndefined();
});

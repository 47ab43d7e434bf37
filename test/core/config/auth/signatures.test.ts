// The settings of signed requests.
import { describe, expect, it } from "vitest";
import { parseSignatures } from "../../../../core/config/auth/signatures.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, parsed } from "../settings.ts";

const ED25519 = { algorithm: "ed25519", publicKey: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" };
const HMAC = { algorithm: "hmac-sha256", secretBinding: "PARTNER_KEY" };
const parser = (check: Checks, value: unknown) => parseSignatures(check, "auth.signatures", value);

describe("signatures", () => {
  it("are off where nothing is written", () => {
    expect(accepted(parser, undefined)).toBeUndefined();
  });

  it("have keys by their id", () => {
    expect(accepted(parser, { keys: { a: ED25519, b: { ...HMAC, name: "partner", scopes: ["b", "a", "b"] } } })).toEqual({
      keys: new Map([
        ["a", { id: "a", name: "a", scopes: [], ...ED25519 }],
        ["b", { id: "b", name: "partner", scopes: ["a", "b"], ...HMAC }],
      ]),
      windowMs: 300_000,
      replay: "isolate",
      digest: { mode: "enforce", percent: 100 },
      fields: [],
    });
    const rest = { windowSeconds: 10, replay: "strict", digest: "report", fields: ["content-type"] };
    expect(accepted(parser, { keys: { a: HMAC }, ...rest })).toMatchObject({
      windowMs: 10_000,
      replay: "strict",
      digest: { mode: "report", percent: 100 },
      fields: ["content-type"],
    });
  });

  it.each([
    [{}, "auth.signatures.keys", "write 1 to 256 keys"],
    [{ keys: {} }, "auth.signatures.keys", "write 1 to 256 keys"],
    [{ keys: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [n, ED25519])) }, "auth.signatures.keys", "write 1 to 256 keys"],
    [{ keys: { a: {} } }, 'auth.signatures.keys["a"].algorithm', 'write "hmac-sha256" or "ed25519"'],
    [{ keys: { a: { algorithm: "rsa-pss-sha512" } } }, 'auth.signatures.keys["a"].algorithm', 'write "hmac-sha256" or "ed25519"'],
    [{ keys: { a: { algorithm: "ed25519" } } }, 'auth.signatures.keys["a"].publicKey', "write the 32 bytes"],
    [{ keys: { a: { ...ED25519, publicKey: "short" } } }, 'auth.signatures.keys["a"].publicKey', "write the 32 bytes"],
    [{ keys: { a: { ...ED25519, secretBinding: "A" } } }, 'auth.signatures.keys["a"].secretBinding', "remove it"],
    [{ keys: { a: { algorithm: "hmac-sha256" } } }, 'auth.signatures.keys["a"].secretBinding', "write the name of a Worker secret"],
    [{ keys: { a: { ...HMAC, publicKey: ED25519.publicKey } } }, 'auth.signatures.keys["a"].publicKey', "remove it"],
    [{ keys: { a: { ...HMAC, secret: "x" } } }, 'auth.signatures.keys["a"].secret', "remove it, or write"],
    [{ keys: { 'a"b': HMAC } }, 'auth.signatures.keys["a\\"b"]', "write a key id"],
    [{ keys: { ["k".repeat(257)]: HMAC } }, "auth.signatures.keys", "write a key id"],
    [{ keys: { a: HMAC }, windowSeconds: 301 }, "auth.signatures.windowSeconds", "from 10 to 300"],
    [{ keys: { a: HMAC }, windowSeconds: 9 }, "auth.signatures.windowSeconds", "from 10 to 300"],
    [{ keys: { a: HMAC }, replay: "off" }, "auth.signatures.replay", 'write "isolate" or "strict"'],
    [{ keys: { a: HMAC }, fields: ["Content-Type"] }, "auth.signatures.fields", "write names of fields"],
  ])("reports %j", (value, path, fix) => {
    const [problem] = parsed(parser, value).problems;
    expect(problem).toContain(path);
    expect(problem).toContain(fix);
  });

  it("takes a key id of 256 characters", () => {
    expect(accepted(parser, { keys: { ["k".repeat(256)]: HMAC } })?.keys.size).toBe(1);
  });
});

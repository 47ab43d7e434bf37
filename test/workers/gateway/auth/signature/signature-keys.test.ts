// Keys that requests are signed with.
import { describe, expect, it } from "vitest";
import type { SignatureKeyPolicy } from "../../../../../core/config/auth/signatures.ts";
import { importKey, keyBytes, signatureProblems, verifySignature } from "../../../../../workers/gateway/auth/signature/signature-keys.ts";
import { ED25519 } from "../../../../support/signed-requests.ts";

const HMAC: SignatureKeyPolicy = { id: "k", name: "k", scopes: [], algorithm: "hmac-sha256", secretBinding: "SECRET" };
const base64 = (bytes: number) => btoa("s".repeat(bytes));

describe("a key", () => {
  it("verifies what was signed with it, and nothing else", async () => {
    const bytes = keyBytes(HMAC, { SECRET: `${base64(32)}\n` });
    expect(bytes).toHaveLength(32);
    const key = await importKey("hmac-sha256", bytes);
    const signing = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", signing, new TextEncoder().encode("base")));
    expect(await verifySignature(key, signature, "base")).toBe(true);
    expect(await verifySignature(key, signature, "other")).toBe(false);
    expect(await verifySignature(key, signature.slice(0, 31), "base")).toBe(false);
  });

  it("is the public key of a JWK for ed25519", async () => {
    const bytes = keyBytes({ id: "k", name: "k", scopes: [], algorithm: "ed25519", publicKey: ED25519.x }, {});
    expect(bytes).toHaveLength(32);
    const key = await importKey("ed25519", bytes);
    const signing = await crypto.subtle.importKey("jwk", ED25519, "Ed25519", false, ["sign"]);
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", signing, new TextEncoder().encode("base")));
    expect([await verifySignature(key, signature, "base"), await verifySignature(key, signature, "basf")]).toEqual([true, false]);
  });
});

describe("the configuration reports", () => {
  it.each([
    [undefined, "no secret of that name"],
    ["not base64!", "a value that is no base64"],
    [7, "a value that is no base64"],
    ["", "a value that is no base64"],
    [base64(31), "a secret of 31 bytes"],
    [base64(129), "a secret of 129 bytes"],
  ])("the secret %j: %s", (SECRET, found) => {
    const [problem] = signatureProblems([HMAC], { SECRET });
    expect(problem).toMatchObject({ path: 'auth.signatures.keys["k"].secretBinding', found });
    expect(problem?.missingSecret).toBe(SECRET === undefined ? "SECRET" : undefined);
  });

  it("nothing for secrets of 32 to 128 bytes, and for public keys", () => {
    for (const bytes of [32, 128]) expect(signatureProblems([HMAC], { SECRET: base64(bytes) })).toEqual([]);
    expect(signatureProblems([{ id: "k", name: "k", scopes: [], algorithm: "ed25519", publicKey: ED25519.x }], {})).toEqual([]);
  });
});

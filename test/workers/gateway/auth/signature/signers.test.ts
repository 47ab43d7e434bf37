// Who signs with the keys of the configuration.
import { expect, it } from "vitest";
import type { SignatureFacts } from "../../../../../core/auth/signature/signature-rules.ts";
import type { SignatureKeyPolicy } from "../../../../../core/config/auth/signatures.ts";
import { ENFORCED } from "../../../../../core/config/enforcement.ts";
import { Nonces } from "../../../../../workers/gateway/auth/signature/nonces.ts";
import { configuredSigners } from "../../../../../workers/gateway/auth/signature/signers.ts";

const key = (id: string, more: object = {}): SignatureKeyPolicy => ({
  ...{ id, name: id, scopes: [], algorithm: "hmac-sha256", secretBinding: "SECRET" },
  ...more,
});
const keys = [key("old", { name: "ada" }), key("new", { name: "ada", scopes: ["a"] }), key("odd", { name: "n".repeat(256) })];
const rules = { windowMs: 10_000, replay: "strict", digest: ENFORCED, fields: ["content-type"] } as const;
const policy = { keys: new Map(keys.map((one) => [one.id, one])), ...rules };
const signers = configuredSigners(policy, { SECRET: btoa("s".repeat(32)) }, new Nonces("strict", undefined));
const signerOf = (keyId: string) => signers.signerOf({ keyId } as SignatureFacts, {} as never, new Headers(), 0);

it("are held to the rules of the configuration", () => {
  expect(signers.rules).toEqual({
    required: ["@method", "@authority", "@path", "@query", "content-type"],
    ...{ windowMs: 10_000, tag: undefined, needsNonce: true },
  });
  expect([signers.takes(undefined), signers.takes("any")]).toEqual([true, true]);
});

it("are principals by the name of their key, in at most 256 characters", async () => {
  const [old, renewed, odd] = [await signerOf("old"), await signerOf("new"), await signerOf("odd")];
  expect(old).toMatchObject({ principal: { kind: "service", id: "service:ada", owner: "ada", scopes: [] } });
  expect(renewed).toMatchObject({ principal: { id: "service:ada", scopes: ["a"] } });
  expect("principal" in odd && odd.principal.id.length).toBe(256);
});

it("are imported once", async () => {
  const first = await signerOf("old");
  expect(signerOf("old")).toBe(first);
});

it("are unknown by any other key id", async () => {
  for (const id of ["none", "__proto__", "constructor"])
    expect(await signerOf(id)).toEqual({ kind: "unauthenticated", reason: "signature_key_unknown" });
});

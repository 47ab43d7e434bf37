// Signature bases, by the examples of RFC 9421.
import { createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSignature } from "../../../../core/auth/signature/received-signature.ts";
import { signatureBase } from "../../../../core/auth/signature/signature-base.ts";
import { baseOf, messageOf, type SignedExample } from "../../../support/signature-bases.ts";

const rfc = JSON.parse(readFileSync(new URL("rfc9421.json", import.meta.url), "utf8")) as {
  readonly "hmac-sha256": string;
  readonly ed25519: string;
  readonly examples: readonly SignedExample[];
};

describe.each(rfc.examples)("the example in $name of RFC 9421 ($algorithm)", (example) => {
  const message = messageOf(example);
  const reading = readSignature(message.field("signature-input"), message.field("signature"));

  it("has the published signature base, byte for byte", () => {
    if (reading.kind !== "signature") throw new Error(`the signature cannot be read: ${JSON.stringify(reading)}`);
    const { components, parameters } = reading.received;
    expect(signatureBase(message, components, parameters)).toEqual({ kind: "base", text: example.base.join("\n") });
  });

  it.skipIf(example.algorithm !== "hmac-sha256")("has the published signature by the shared secret", () => {
    const signature = createHmac("sha256", Buffer.from(rfc["hmac-sha256"], "base64")).update(example.base.join("\n")).digest("base64");
    expect(message.field("signature")).toContain(`:${signature}:`);
  });

  it.skipIf(example.algorithm !== "ed25519")("verifies with the published key", () => {
    if (reading.kind !== "signature") throw new Error("the signature cannot be read");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: rfc.ed25519 }, format: "jwk" });
    expect(verify(null, Buffer.from(example.base.join("\n")), key, reading.received.signature)).toBe(true);
  });
});

describe("repeated components", () => {
  it.each(['"@method" "@method"', '"a" "b" "a"', '"a";key="x";sf "a";sf;key="x"'])("refuses %s", (components) => {
    expect(baseOf(components, { fields: ["a", "b"].map((name) => [name, "x=1"] as const) })).toBe("signature_component_repeated");
  });

  it("tells members of one field apart", () => {
    expect(baseOf('"a";key="x" "a";key="y"', { fields: [["a", "x=1, y=2"]] })).toContain('"a";key="y": 2\n');
  });

  it("tells a parameter from the end of another one's value", () => {
    expect(baseOf('"a";key="x";sf "a";key="xsf=true"', { fields: [["a", "x=1"]] })).toBe("signature_component_absent");
  });
});

it("has one line per component, whatever the values are: nothing that a caller sends makes a further line", () => {
  const name = fc.stringMatching(/^[a-z][a-z-]{0,8}$/);
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([key]) => key, maxLength: 6 }), (fields) => {
      const text = baseOf(fields.map(([key]) => `"${key}"`).join(" "), { fields });
      if (text.startsWith("signature_")) return;
      expect(text.split("\n")).toHaveLength(fields.length + 1);
    }),
  );
});

// The two forms of an identity, and everything else that is not read as one.
import { describe, expect, it } from "vitest";
import { encodeIdentity, importIdentityKey, isSignedBy, parseIdentity } from "../../../../workers/service/identity/identity-token.ts";
import { base64url, claimsOf, identityKey } from "../../../support/identity.ts";

const key = await identityKey("one");
const claims = claimsOf({ claims: { name: "Ådä 🙂" } });
const token = await key.sign(claims);
const [head, payload, signature] = token.split(".") as [string, string, string];
const HEADER = { alg: "EdDSA", kid: "one", typ: "tidegate-identity+jwt" };
const headed = (header: unknown) => `${base64url(JSON.stringify(header))}.${payload}.${signature}`;

describe("a signed identity", () => {
  it("is read as it was written, and verified by its key alone", async () => {
    const parsed = parseIdentity(token);
    if (typeof parsed === "string") throw new Error(parsed);
    expect(parsed.claims).toEqual(claims);
    expect(parsed.signed?.kid).toBe("one");
    expect(await isSignedBy(parsed.signed!, await importIdentityKey({ x: key.jwk.x }))).toBe(true);
    expect(await isSignedBy(parsed.signed!, await importIdentityKey({ x: (await identityKey("one")).jwk.x }))).toBe(false);
    expect(await isSignedBy({ ...parsed.signed!, input: `${head}.${base64url("{}")}` }, await importIdentityKey({ x: key.jwk.x }))).toBe(
      false,
    );
  });

  it("has a header that any JWT library reads", () => expect(JSON.parse(atob(head))).toEqual(HEADER));

  it.each([
    ["no text", ""],
    ["two parts", `${head}.${payload}`],
    ["four parts", `${token}.x`],
    ["five parts, as an encrypted token", `${token}.x.y`],
    ["no signature", `${head}.${payload}.`],
    ["a short signature", `${head}.${payload}.${signature.slice(1)}`],
    ["a long signature", `${token}A`],
    ["padding", `${token.slice(0, -1)}=`],
    ["spaces", ` ${token}`],
    ["other characters of base64", token.replace(/^./, "+")],
    ["a header that is no JSON", `${base64url("{")}.${payload}.${signature}`],
    ["a header that is no object", headed(["alg"])],
    ["a header that is null", headed(null)],
    ["a header with bits that base64 ignores", `${head.slice(0, -1)}${head.endsWith("Q") ? "R" : "B"}.${payload}.${signature}`],
    ["another type", headed({ ...HEADER, typ: "JWT" })],
    ["no type", headed({ alg: "EdDSA", kid: "one" })],
    ["a critical extension", headed({ ...HEADER, crit: ["exp"] })],
    ["an embedded key", headed({ ...HEADER, jwk: {} })],
    ["a key id that is no text", headed({ ...HEADER, kid: ["one"] })],
    ["claims that are no JSON", `${head}.${base64url("{,}")}.${signature}`],
    ["claims in invalid UTF-8", `${head}.${btoa("\xff\xfe\xfd")}.${signature}`],
    ["claims without a subject", `${head}.${base64url(JSON.stringify(claimsOf({ sub: "" })))}.${signature}`],
    ["more than 16 KiB", "x".repeat(16_385)],
  ])("is not read with %s", (_, text) => expect(parseIdentity(text)).toBe("identity_malformed"));

  it.each(["none", "None", "HS256", "ES256", "Ed25519", "eddsa", "", null])("is not read with the algorithm %s", (alg) => {
    expect(parseIdentity(headed({ ...HEADER, alg }))).toBe("identity_algorithm");
  });
});

describe("an identity without a signature", () => {
  it("is the payload alone", () => {
    expect(encodeIdentity(claims)).toBe(payload);
    expect(parseIdentity(payload)).toEqual({ claims, signed: undefined });
  });

  it.each([
    ["no JSON", base64url("x")],
    ["other claims", base64url("{}")],
    ["one character", "e"],
  ])("is not read with %s", (_, text) => {
    expect(parseIdentity(text)).toBe("identity_malformed");
  });
});

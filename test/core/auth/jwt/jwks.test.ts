// What issuers publish: taken only where it is theirs, and can be used.
import { describe, expect, it } from "vitest";
import { keysUrlIn, publicKeysIn } from "../../../../core/auth/jwt/jwks.ts";

const ISSUER = "https://id.test";
const AT = "https://id.test/.well-known/openid-configuration";
const EC = { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "1" };

describe("the metadata of an issuer", () => {
  it("names the URL of its keys", () => {
    expect(keysUrlIn({ issuer: ISSUER, jwks_uri: "https://keys.test/a", more: 1 }, ISSUER, AT)).toEqual({
      kind: "ok",
      value: "https://keys.test/a",
    });
    expect(keysUrlIn({ issuer: "http://localhost", jwks_uri: "http://localhost/a" }, "http://localhost", "http://localhost/b").kind).toBe(
      "ok",
    );
  });

  it.each([[`${ISSUER}/`], ["https://ID.test"], ["https://evil.test"], [undefined], [[ISSUER]], [null]])(
    "counts for no other issuer: %j",
    (issuer) => {
      const problem = "metadata is that of another issuer";
      expect(keysUrlIn({ issuer, jwks_uri: "https://keys.test/a" }, ISSUER, AT)).toEqual({ kind: "invalid", problem });
    },
  );

  it.each([[undefined], ["http://keys.test/a"], ["http://localhost/a"], ["file:///etc/passwd"], [7], ["https://a@keys.test/"]])(
    "leads to no keys at %j",
    (jwks_uri) => expect(keysUrlIn({ issuer: ISSUER, jwks_uri }, ISSUER, AT).kind).toBe("invalid"),
  );

  it.each([[null], [[]], ["x"], [7]])("is an object: not %j", (metadata) => expect(keysUrlIn(metadata, ISSUER, AT).kind).toBe("invalid"));
});

describe("a JWK set", () => {
  it("has the public keys, with the members that verify", () => {
    const others = [{ kty: "oct", k: "AA" }, { ...EC, d: "AA" }, { kty: "AKP" }, null, 7, { ...EC, kid: 7 }];
    const published = { keys: [{ ...EC, use: "sig", key_ops: ["verify"], x5c: ["AA"], x5u: "https://evil.test" }, ...others] };
    expect(publicKeysIn(published)).toEqual({ kind: "ok", value: { keys: [{ ...EC, use: "sig", key_ops: ["verify"] }] } });
  });

  it.each([[null], [{}], [{ keys: {} }], [[EC]], ["<html>"]])("is none in %j", (published) =>
    expect(publicKeysIn(published)).toEqual({ kind: "invalid", problem: "is no JWK set" }),
  );

  it("has 1 to 64 keys of bounded members", () => {
    const of = (count: number) => publicKeysIn({ keys: Array.from({ length: count }, (_, kid) => ({ ...EC, kid: String(kid) })) }).kind;
    expect([of(0), of(1), of(64), of(65)]).toEqual(["invalid", "ok", "ok", "invalid"]);
    const withMember = (length: number) => publicKeysIn({ keys: [{ kty: "RSA", n: "A".repeat(length), e: "AQAB" }] }).kind;
    expect([withMember(4_096), withMember(4_097)]).toEqual(["ok", "invalid"]);
    expect(publicKeysIn({ keys: [{ ...EC, key_ops: ["a".repeat(5_000)] }] }).kind).toBe("invalid");
  });
});

// What a gateway states about a caller, and which claims a service believes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type IdentityClaims,
  identityClaims,
  identityProblem,
  readIdentityClaims,
} from "../../../../core/auth/identity/identity-claims.ts";

const NOW = 1_796_000_000_500;
const SECOND = 1_796_000_000;
const ADA = {
  kind: "user",
  id: "https://issuer.example#ada",
  issuer: "https://issuer.example",
  subject: "ada",
  scopes: ["users.read"],
  claims: { email: "ada@example.com", secret: "not for services" },
  expiresAt: Number.POSITIVE_INFINITY,
};
const make = (caller: Parameters<typeof identityClaims>[0], now = NOW) =>
  identityClaims(caller, "tidegate", "users.v1.UserService", ["email", "toString"], now);

describe("identityClaims", () => {
  it("states who calls, and only the claims that are forwarded", () => {
    expect(make(ADA)).toEqual({
      iss: "tidegate",
      aud: "users.v1.UserService",
      kind: "user",
      sub: ADA.id,
      scopes: ["users.read"],
      issuer: ADA.issuer,
      subject: "ada",
      claims: { email: "ada@example.com" },
      iat: SECOND,
      exp: SECOND + 60,
    });
  });

  it("states of a caller without a credential that it has none", () => {
    expect(make(undefined)).toEqual({ iss: "tidegate", aud: "users.v1.UserService", kind: "anonymous", iat: SECOND, exp: SECOND + 60 });
  });

  it("leaves out what the principal does not have", () => {
    const key = { kind: "key", id: "key:1", owner: "team", plan: "gold", scopes: [], claims: {}, expiresAt: Number.POSITIVE_INFINITY };
    expect(make(key)).toEqual({
      ...{ iss: "tidegate", aud: "users.v1.UserService", kind: "key", sub: "key:1", owner: "team", plan: "gold" },
      ...{ iat: SECOND, exp: SECOND + 60 },
    });
  });

  it("ends with the credential, or after a minute", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), (leftMs) => {
        const { exp, iat } = make({ ...ADA, expiresAt: NOW + leftMs });
        expect(exp).toBe(Math.min(iat + 60, Math.floor((NOW + leftMs) / 1_000)));
      }),
    );
  });

  it("is read again as it was written", () => {
    for (const caller of [undefined, ADA]) expect(readIdentityClaims(JSON.parse(JSON.stringify(make(caller))))).toEqual(make(caller));
  });
});

describe("readIdentityClaims", () => {
  const right: IdentityClaims = make(ADA);
  const wrong: readonly (readonly [string, unknown])[] = [
    ["no object", "text"],
    ["null", null],
    ["a list", [right]],
    ["no issuer", { ...right, iss: undefined }],
    ["an empty issuer", { ...right, iss: "" }],
    ["a long issuer", { ...right, iss: "x".repeat(2_049) }],
    ["an actor that is no object", { ...right, act: "tidegate-orders" }],
    ["a list of audiences", { ...right, aud: [right.aud] }],
    ["another kind", { ...right, kind: "root" }],
    ["a kind that is no text", { ...right, kind: ["user"] }],
    ["no subject", { ...right, sub: undefined }],
    ["an empty subject", { ...right, sub: "" }],
    ["an anonymous subject", { ...right, kind: "anonymous" }],
    ["scopes in one text", { ...right, scopes: "users.read" }],
    ["a scope that is no text", { ...right, scopes: [1] }],
    ["too many scopes", { ...right, scopes: Array(257).fill("x") }],
    ["claims in a list", { ...right, claims: [] }],
    ["no claims", { ...right, claims: null }],
    ["a plan that is no text", { ...right, plan: 1 }],
    ["an owner that is no text", { ...right, owner: {} }],
    ["an issuer of the token that is no text", { ...right, issuer: 1 }],
    ["a subject of the token that is no text", { ...right, subject: "" }],
    ["a time in text", { ...right, exp: String(right.exp) }],
    ["a fraction of a second", { ...right, iat: right.iat + 0.5 }],
    ["no end", { ...right, exp: undefined }],
  ];

  it.each(wrong)("does not read claims with %s", (_, value) => expect(readIdentityClaims(value)).toBeUndefined());

  it("reads the most scopes and the longest text", () => {
    const longest = { ...right, sub: "x".repeat(2_048), scopes: Array(256).fill("x") };
    expect(readIdentityClaims(longest)).toEqual(longest);
  });
});

describe("identityProblem", () => {
  const rules = { issuer: "tidegate", audience: ["orders.v1.OrderService", "users.v1.UserService"], isWorker: false };
  const claims = make(ADA);
  const at = (seconds: number) => identityProblem(claims, rules, seconds * 1_000);

  it("is none within the time of the claims, and 30 s on both sides", () => {
    expect([claims.iat - 30, claims.iat, claims.exp, claims.exp + 29].map(at)).toEqual(Array(4).fill(undefined));
    expect([at(claims.iat - 31), at(claims.exp + 30)]).toEqual(["identity_not_yet_valid", "identity_expired"]);
    expect(identityProblem(claims, rules, (claims.iat - 30) * 1_000 - 1)).toBe("identity_not_yet_valid");
    expect(identityProblem(claims, rules, (claims.exp + 30) * 1_000 - 1)).toBeUndefined();
  });

  it("is another gateway, another service, or a long life", () => {
    expect(identityProblem({ ...claims, iss: "other" }, rules, NOW)).toBe("identity_issuer");
    expect(identityProblem({ ...claims, aud: "users.v1" }, rules, NOW)).toBe("identity_audience");
    expect(identityProblem({ ...claims, exp: claims.iat + 61 }, rules, NOW)).toBe("identity_lifetime");
    expect(identityProblem({ ...claims, exp: claims.iat + 60 }, rules, NOW)).toBeUndefined();
  });

  it("is an actor that a gateway names, or that a Worker does not name itself", () => {
    const [act, worker] = [{ sub: "tidegate-orders" }, { ...rules, issuer: "tidegate-orders", isWorker: true }];
    expect(identityProblem({ ...claims, act }, rules, NOW)).toBe("identity_actor");
    expect(identityProblem({ ...claims, iss: "tidegate-orders", act }, worker, NOW)).toBeUndefined();
    expect(identityProblem({ ...claims, iss: "tidegate-orders" }, worker, NOW)).toBe("identity_actor");
    expect(identityProblem({ ...claims, iss: "tidegate-orders", act: { sub: "other", act } }, worker, NOW)).toBe("identity_actor");
  });
});

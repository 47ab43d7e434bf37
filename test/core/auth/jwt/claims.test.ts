// Principals of verified claims.
import { describe, expect, it } from "vitest";
import { accessPrincipalOf, principalOf } from "../../../../core/auth/jwt/claims.ts";

const ISSUER = "https://id.test";
const EXP = { exp: 2_000 };

describe("the principal of a token", () => {
  it("is its subject at its issuer, until the token expires", () => {
    const claims = { ...EXP, sub: "ada", tenant: "acme" };
    expect(principalOf(claims, ISSUER)).toEqual({
      ...{ kind: "user", id: "https://id.test#ada", issuer: ISSUER, subject: "ada" },
      ...{ scopes: [], claims, expiresAt: 2_000_000 },
    });
  });

  it.each([[undefined], [""], [7], [null], [["ada"]]])("is none without a subject: %j", (sub) =>
    expect(principalOf({ ...EXP, sub }, ISSUER)).toBe("jwt_claim_missing"),
  );

  it("is none where its id would be longer than 256 bytes, or not printable", () => {
    const most = 256 - ISSUER.length - 1;
    expect(principalOf({ ...EXP, sub: "a".repeat(most) }, ISSUER)).toMatchObject({ subject: "a".repeat(most) });
    for (const sub of ["a".repeat(most + 1), "ad\u00e4", "a\nb", "a\u007f"])
      expect(principalOf({ ...EXP, sub }, ISSUER)).toBe("jwt_claim_invalid");
  });

  it.each([
    [{ scope: "b a  b" }, ["a", "b"]],
    [{ scp: "b a" }, ["a", "b"]],
    [{ scp: ["b", "a", 7, "a"] }, ["a", "b"]],
    [{ scope: "a", scp: ["b"] }, ["a"]],
    [{ scope: 7 }, []],
    [{}, []],
  ])("has the scopes of %j, sorted, each once", (claims, scopes) =>
    expect(principalOf({ ...EXP, sub: "ada", ...claims }, ISSUER)).toMatchObject({ scopes }),
  );
});

describe("the principal behind Access", () => {
  it("is the user, or the client of a service token", () => {
    expect(accessPrincipalOf({ ...EXP, sub: "ada" }, ISSUER)).toMatchObject({ kind: "user", id: `${ISSUER}#ada` });
    const service = accessPrincipalOf({ ...EXP, sub: "", common_name: "ci.access" }, ISSUER);
    expect(service).toMatchObject({ kind: "service", id: `service:${ISSUER}#ci.access` });
    expect(service).not.toHaveProperty("subject");
  });

  it("is never a service for a token with a subject, or without a name", () => {
    expect(accessPrincipalOf({ ...EXP, sub: "ada", common_name: "ci" }, ISSUER)).toMatchObject({ kind: "user" });
    for (const claims of [{ sub: "" }, { sub: "", common_name: "" }, { sub: "", common_name: 7 }, { common_name: "ci" }])
      expect(accessPrincipalOf({ ...EXP, ...claims }, ISSUER)).toBe("jwt_claim_missing");
  });
});

// What a Worker states to a further service.
import { describe, expect, it } from "vitest";
import { type IdentityClaims, identityProblem, readIdentityClaims } from "../../../../core/auth/identity/identity-claims.ts";
import { boundClaims, onwardClaims } from "../../../../core/auth/identity/onward-claims.ts";

const NOW = 1_796_000_000_500;
const USERS = "users.v1.UserService";
const RECEIVED: IdentityClaims = { iss: "tidegate", aud: "orders.v1.OrderService", kind: "user", sub: "ada", iat: 1, exp: 61 };
const AUDIENCE = { audience: [USERS], isWorker: true };

describe("the claims of a Worker", () => {
  it("state the same caller, the Worker as the one that acts, and a minute of their own", () => {
    const received = { ...RECEIVED, scopes: ["a"], plan: "gold", act: { sub: "stale" } };
    const claims = onwardClaims({ claims: received, through: ["cart"] }, "orders", USERS, NOW);
    expect(claims).toEqual({
      ...{ iss: "orders", aud: USERS, kind: "user", sub: received.sub, scopes: ["a"], plan: "gold" },
      ...{ act: { sub: "orders", act: { sub: "cart" } }, iat: 1_796_000_000, exp: 1_796_000_060 },
    });
    expect(identityProblem(claims, { issuer: "orders", ...AUDIENCE }, NOW)).toBeUndefined();
  });

  it("of a call of its own state no caller", () => {
    for (const served of [undefined, { claims: undefined, through: [] }]) {
      const claims = onwardClaims(served, "orders", USERS, NOW);
      expect(claims).toEqual({
        iss: "orders",
        aud: USERS,
        kind: "anonymous",
        act: { sub: "orders" },
        iat: 1_796_000_000,
        exp: 1_796_000_060,
      });
      expect(readIdentityClaims(claims)).toBe(claims);
    }
  });
});

it("over a binding name the Workers before this one", () => {
  const claims = { ...RECEIVED, act: { sub: "cart" } };
  const { act: _, ...about } = claims;
  expect(boundClaims(claims, ["cart", "web"])).toEqual({ ...about, act: { sub: "cart", act: { sub: "web" } } });
  expect(boundClaims(claims, [])).toEqual(about);
});

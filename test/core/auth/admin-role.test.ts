// Which role a caller has, and what it is enough for.
import { describe, expect, it } from "vitest";
import { ADMIN_ROLES, type AdminRole, adminRoleOf, isAtLeast, roleOfScopes, scopeOfRole } from "../../../core/auth/admin-role.ts";

it("is enough for itself and for lower ones", () => {
  const table = ADMIN_ROLES.map((role) => ADMIN_ROLES.map((needed) => isAtLeast(role, needed)));
  expect(table).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

it("of scopes is the highest that they name exactly", () => {
  expect(ADMIN_ROLES.map((role) => roleOfScopes([scopeOfRole(role)]))).toEqual([...ADMIN_ROLES]);
  expect(roleOfScopes(["admin:viewer", "users.read", "admin:operator"])).toBe("operator");
  for (const scopes of [[], ["admin"], ["admin:"], ["admin:*"], ["admin:root"], ["ADMIN:admin"], ["x admin:admin"]])
    expect(roleOfScopes(scopes)).toBeUndefined();
});

describe("adminRoleOf", () => {
  const ISSUER = "https://team.cloudflareaccess.com";
  const roles = new Map<string, AdminRole>([
    ["ada@example.com", "admin"],
    [`${ISSUER}#bob`, "operator"],
  ]);
  const ada = { kind: "user", id: `${ISSUER}#ada`, issuer: ISSUER, scopes: ["admin:admin"], claims: { email: "Ada@Example.com" } };

  it("takes the scopes of keys, and the list for callers of Access", () => {
    expect(adminRoleOf({ ...ada, kind: "key", issuer: undefined }, undefined, new Map())).toBe("admin");
    expect(adminRoleOf({ ...ada, kind: "key", scopes: ["users.read"] }, ISSUER, roles)).toBeUndefined();
    expect(adminRoleOf(ada, ISSUER, roles)).toBe("admin");
    expect(adminRoleOf({ ...ada, id: `${ISSUER}#bob`, claims: {} }, ISSUER, roles)).toBe("operator");
    expect(adminRoleOf({ ...ada, claims: { email: "eve@example.com" } }, ISSUER, roles)).toBeUndefined();
    expect(adminRoleOf({ ...ada, claims: { email: ["ada@example.com"] } }, ISSUER, roles)).toBeUndefined();
  });

  it("gives none to the tokens of other issuers, whatever their scopes and addresses", () => {
    expect(adminRoleOf({ ...ada, issuer: "https://issuer.example" }, ISSUER, roles)).toBeUndefined();
    expect(adminRoleOf(ada, undefined, roles)).toBeUndefined();
    expect(adminRoleOf({ ...ada, issuer: undefined }, undefined, roles)).toBeUndefined();
    for (const kind of ["agent", "certificate", "service"])
      expect(adminRoleOf({ ...ada, kind, issuer: undefined }, ISSUER, roles)).toBeUndefined();
  });
});

// Callers of tests: an issuer with a fixed key, and tokens in its name.
import { type CryptoKey, importJWK, type JWTPayload, SignJWT } from "jose";
import type { Principal } from "../../core/auth/principal.ts";
import type { AuthInput } from "../../core/config/auth.ts";

export const ISSUER = "https://id.test";
export const AUDIENCE = "https://gateway.example";
const KID = "test-1";

/** Of these tests alone. */
export const PUBLIC = {
  kty: "EC",
  crv: "P-256",
  x: "R0Fhl9Lzn6to6374aXcKpGfEbAVRr0t_gcDPizYbFW0",
  y: "1o40-VY-tTlGZK7QP2LGEC5ki06rM3Shp1HA2y1T5qE",
};
const PRIVATE = { ...PUBLIC, d: "BLbr2pZx0aUoKn3D3alrk3LcgdDjrvneS0uEquwRmX4" };

export const JWKS = { keys: [{ ...PUBLIC, kid: KID, alg: "ES256", use: "sig" }] };

/** The configuration of a gateway whose callers have tokens of this issuer. */
export const AUTH = {
  issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: JWKS } },
} satisfies AuthInput;

/** The id of the principal of a token. */
export const idOf = (subject: string) => `${ISSUER}#${subject}`;

const YEAR_2100 = 4_102_444_800;

/** A token that is valid until 2100. @param claims beside `iss`, `aud`, `sub` and `exp`, or in their place; undefined leaves one out */
export async function tokenOf(subject: string, claims: JWTPayload = {}, header: object = {}): Promise<string> {
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: subject, exp: YEAR_2100, ...claims };
  const key = (await importJWK(PRIVATE, "ES256")) as CryptoKey;
  return new SignJWT(payload).setProtectedHeader({ alg: "ES256", typ: "JWT", kid: KID, ...header }).sign(key);
}

/** The header of a call of this caller. */
export async function bearer(subject: string, claims: JWTPayload = {}, header: object = {}): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await tokenOf(subject, claims, header)}` };
}

/** A caller as it is proven, for tests of what is below. */
export function principalNamed(id: string, more: Partial<Principal> = {}): Principal {
  return { kind: "user", id, scopes: [], claims: {}, expiresAt: Number.POSITIVE_INFINITY, ...more };
}

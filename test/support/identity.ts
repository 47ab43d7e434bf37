// Keys and tokens of a gateway, for tests of what services believe.
import type { IdentityClaims } from "../../core/auth/identity/identity-claims.ts";
import { importIdentityKey, signIdentity } from "../../workers/service/identity/identity-token.ts";

export interface TestKey {
  readonly jwk: {
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    readonly x: string;
    readonly d: string;
    readonly kid: string;
    readonly from: number;
  };
  readonly sign: (claims: IdentityClaims) => Promise<string>;
}

export async function identityKey(kid: string, from = 0): Promise<TestKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x, d } = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as { x: string; d: string };
  const key = await importIdentityKey({ x, d });
  return { jwk: { kty: "OKP", crv: "Ed25519", x, d, kid, from }, sign: (claims) => signIdentity(claims, kid, key) };
}

/** Public keys, as a gateway publishes them. */
export function keySetOf(...keys: readonly TestKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk: { d: _, ...published } }) => published) });
}

export function claimsOf(overrides: Partial<IdentityClaims> = {}, now = Date.now()): IdentityClaims {
  const iat = Math.floor(now / 1_000);
  return {
    iss: "tidegate",
    aud: "users.v1.UserService",
    kind: "user",
    sub: "https://issuer.example#ada",
    iat,
    exp: iat + 60,
    ...overrides,
  };
}

export function base64url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// What attacks on identity are made with: the keys of an issuer, a stranger's key, and tokens of any form.
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair } from "jose";
import { AUDIENCE, ISSUER, JWKS, tokenOf } from "../callers.ts";

const rsa = await generateKeyPair("RS256", { extractable: true, modulusLength: 2048 });
const stranger = await generateKeyPair("ES256", { extractable: true });

export const RSA_JWK = { ...(await exportJWK(rsa.publicKey)), kid: "rsa-1", alg: "RS256", use: "sig" };
export const RSA_PEM = await exportSPKI(rsa.publicKey);
export const STRANGER_JWK = await exportJWK(stranger.publicKey);

/** The issuer of the tests with a second key. */
export const LAB_AUTH = { issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: { keys: [...JWKS.keys, RSA_JWK] }, skewSeconds: 5 } } };

const now = (): number => Math.floor(Date.now() / 1_000);
/** Claims that are right. */
export const claims = (more: object = {}): object => ({ iss: ISSUER, aud: AUDIENCE, sub: "ada", iat: now(), exp: now() + 300, ...more });

export function base64url(bytes: Uint8Array | string): string {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return btoa(String.fromCharCode(...all))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** A token of which each part is given as text, signed by a key of the issuer or of a stranger. */
export async function forged(header: object | string, payload: object | string, key: "rsa" | "stranger" | { hmac: string } | undefined) {
  const text = (part: object | string): string => base64url(typeof part === "string" ? part : JSON.stringify(part));
  const input = `${text(header)}.${text(payload)}`;
  const data = new TextEncoder().encode(input);
  if (key === undefined) return `${input}.`;
  if (typeof key === "object") {
    const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(key.hmac), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]);
    return `${input}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", secret, data)))}`;
  }
  const algorithm = key === "rsa" ? "RSASSA-PKCS1-v1_5" : { name: "ECDSA", hash: "SHA-256" };
  const own = (key === "rsa" ? rsa : stranger).privateKey as CryptoKey;
  return `${input}.${base64url(new Uint8Array(await crypto.subtle.sign(algorithm, own as never, data)))}`;
}

/** A right token of the RSA key, and what is changed in it. */
export const signedBy = (header: object = {}, payload: object = {}) =>
  forged({ alg: "RS256", typ: "JWT", kid: "rsa-1", ...header }, claims(payload), "rsa");

export { tokenOf };

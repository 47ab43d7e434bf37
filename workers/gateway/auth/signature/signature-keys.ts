// Keys that requests are signed with, imported when the first signature names them.
import type { SignatureAlgorithm } from "../../../../core/auth/signature/signature-rules.ts";
import type { SignatureKeyPolicy } from "../../../../core/config/auth/signatures.ts";
import type { Problem } from "../../../../core/config/problems.ts";

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A key of a caller. The algorithm belongs to it. */
export interface SignatureKey {
  readonly algorithm: SignatureAlgorithm;
  readonly key: ImportedKey;
}

const MIN_SECRET_BYTES = 32;
const MAX_SECRET_BYTES = 128;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws DOMException for bytes that are no key */
export async function importKey(algorithm: SignatureAlgorithm, bytes: Uint8Array<ArrayBuffer>): Promise<SignatureKey> {
  const how = algorithm === "ed25519" ? { name: "Ed25519" } : { name: "HMAC", hash: "SHA-256" };
  return { algorithm, key: await crypto.subtle.importKey("raw", bytes, how, false, ["verify"]) };
}

export function verifySignature({ algorithm, key }: SignatureKey, signature: Uint8Array, base: string): Promise<boolean> {
  const bytes = new Uint8Array(signature);
  return crypto.subtle.verify(algorithm === "ed25519" ? "Ed25519" : "HMAC", key, bytes, new TextEncoder().encode(base));
}

/** The bytes of a configured key. @param env checked by `signatureProblems` */
export function keyBytes(policy: SignatureKeyPolicy, env: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
  if (policy.algorithm === "ed25519") return publicKeyBytes(policy.publicKey);
  return bytesOf(String(env[policy.secretBinding]).trim());
}

/** @param publicKey `x` of a JWK: 32 bytes as base64url */
export function publicKeyBytes(publicKey: string): Uint8Array<ArrayBuffer> {
  return bytesOf(publicKey.replace(/-/g, "+").replace(/_/g, "/"));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Secrets that are missing, or no base64 of enough bytes. */
export function signatureProblems(keys: Iterable<SignatureKeyPolicy>, env: Readonly<Record<string, unknown>>): Problem[] {
  return Array.from(keys).flatMap((policy) => {
    if (policy.algorithm !== "hmac-sha256") return [];
    const { id, secretBinding } = policy;
    const path = `auth.signatures.keys[${JSON.stringify(id)}].secretBinding`;
    const fix = `set the secret ${secretBinding} to ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes as base64: openssl rand -base64 32`;
    const secret = env[secretBinding];
    if (secret === undefined) return [{ path, found: "no secret of that name", fix, missingSecret: secretBinding }];
    const bytes = typeof secret === "string" && BASE64.test(secret.trim()) ? bytesOf(secret.trim()).byteLength : 0;
    if (bytes >= MIN_SECRET_BYTES && bytes <= MAX_SECRET_BYTES) return [];
    return [{ path, found: bytes === 0 ? "a value that is no base64" : `a secret of ${bytes} bytes`, fix }];
  });
}

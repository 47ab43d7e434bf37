// The forms of an identity in its header: a JWS for calls over a network, and its payload alone for calls over a service binding.
import {
  type IdentityClaims,
  type IdentityProblem,
  MAX_IDENTITY_LENGTH,
  readIdentityClaims,
} from "../../../core/auth/identity/identity-claims.ts";

const TYPE = "tidegate-identity+jwt";
const ALGORITHM = "Ed25519";
const FORM = /^[A-Za-z0-9_-]+$/;
const SIGNATURE_LENGTH = 86; // 64 bytes in base64url

/** The type of a key in the runtime: the CLI, which compiles this file for Node, has another name for it. */
export type IdentityCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** What a header contains, not verified yet. */
export interface ParsedIdentity {
  readonly claims: IdentityClaims;
  readonly signed: { readonly kid: string; readonly input: string; readonly signature: string } | undefined; // undefined for a payload alone
}

/** @see RFC 7515, section 3.1; RFC 8037, section 3.1 */
export async function signIdentity(claims: IdentityClaims, kid: string, key: IdentityCryptoKey): Promise<string> {
  const input = `${encode(JSON.stringify({ alg: "EdDSA", kid, typ: TYPE }))}.${encodeIdentity(claims)}`;
  const signature = await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** The form without a signature. */
export function encodeIdentity(claims: IdentityClaims): string {
  return encode(JSON.stringify(claims));
}

/** Reads a header strictly: the gateway writes one form only, and what reads as anything else was not written by it. */
export function parseIdentity(text: string): ParsedIdentity | IdentityProblem {
  if (text.length > MAX_IDENTITY_LENGTH) return "identity_malformed";
  const parts = text.split(".");
  if (!parts.every((part) => FORM.test(part))) return "identity_malformed";
  if (parts.length === 1) {
    const claims = readIdentityClaims(parse(text));
    return claims === undefined ? "identity_malformed" : { claims, signed: undefined };
  }
  const [head, payload, signature, ...others] = parts as [string, string, string | undefined];
  if (signature === undefined || others.length > 0 || signature.length !== SIGNATURE_LENGTH) return "identity_malformed";
  const header = parse(head);
  if (typeof header !== "object" || header === null || Object.keys(header).sort().join() !== "alg,kid,typ") return "identity_malformed";
  const { alg, kid, typ } = header as { readonly alg: unknown; readonly kid: unknown; readonly typ: unknown };
  if (alg !== "EdDSA") return "identity_algorithm";
  if (typ !== TYPE || typeof kid !== "string") return "identity_malformed";
  const claims = readIdentityClaims(parse(payload));
  return claims === undefined ? "identity_malformed" : { claims, signed: { kid, input: `${head}.${payload}`, signature } };
}

export async function isSignedBy({ input, signature }: NonNullable<ParsedIdentity["signed"]>, key: IdentityCryptoKey): Promise<boolean> {
  const bytes = bytesOf(signature);
  return bytes !== undefined && crypto.subtle.verify(ALGORITHM, key, bytes, new TextEncoder().encode(input));
}

/** @param jwk a key of `core/auth/identity/identity-keys.ts`, with its private part to sign */
export function importIdentityKey({ x, d }: { readonly x: string; readonly d?: string }): Promise<IdentityCryptoKey> {
  const isPrivate = d !== undefined;
  const jwk = { kty: "OKP", crv: "Ed25519", x, ...(isPrivate && { d }) };
  return crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, [isPrivate ? "sign" : "verify"]);
}

function encode(text: string): string {
  return base64url(new TextEncoder().encode(text));
}

function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @returns undefined for text that is no base64url, or not its only form: two texts for the same bytes would be two tokens */
function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!FORM.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return base64url(bytes) === text ? bytes : undefined;
}

function parse(text: string): unknown {
  const bytes = bytesOf(text);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

// What an issuer publishes: its metadata and its public keys, as far as they can be used.
import { isKeyUrl, isPublicKey, type Jwk, type JwkSet, MAX_KEYS } from "./public-key.ts";

/** A value that was read, or what is wrong with it. */
export type Published<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "invalid"; readonly problem: string };

/** Members that a key may have; a relay keeps no others. @see RFC 7517, section 4; RFC 7518, section 6; RFC 8037 */
const MEMBERS = ["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e"];
const MAX_MEMBER = 4_096; // characters; the modulus of an RSA key of 16,384 bits has 2,731

/**
 * The URL of the keys in the metadata of an issuer.
 *
 * @param metadata parsed JSON @param issuer whose metadata it has to be, byte for byte @param url of the metadata
 * @see OpenID Connect Discovery 1.0, section 4.3; RFC 8414, section 3.3
 */
export function keysUrlIn(metadata: unknown, issuer: string, url: string): Published<string> {
  const { issuer: named, jwks_uri: keysUrl } = (metadata ?? {}) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  if (named !== issuer) return invalid("metadata is that of another issuer");
  if (typeof keysUrl !== "string" || !isKeyUrl(keysUrl)) return invalid("metadata has no jwks_uri with an https URL");
  if (url.startsWith("https:") && !keysUrl.startsWith("https:")) return invalid("metadata came by TLS, and its jwks_uri has none");
  return { kind: "ok", value: keysUrl };
}

/** The public keys of a JWK set. Keys of other kinds, and symmetric or private ones, are left out. @param published parsed JSON */
export function publicKeysIn(published: unknown): Published<JwkSet> {
  const { keys } = (published ?? {}) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) return invalid("is no JWK set");
  const usable = keys.filter(isPublicKey).flatMap(withKnownMembers);
  if (usable.length === 0) return invalid("has no public key of kty EC, OKP or RSA");
  if (usable.length > MAX_KEYS) return invalid(`has more than ${MAX_KEYS} public keys`);
  return { kind: "ok", value: { keys: usable } };
}

function withKnownMembers(key: Jwk): Jwk[] {
  const members = MEMBERS.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]] as const]));
  const isBounded = members.every(([, value]) => (typeof value === "string" ? value.length : JSON.stringify(value).length) <= MAX_MEMBER);
  return isBounded ? [Object.fromEntries(members) as unknown as Jwk] : []; // kty is among the members
}

function invalid(problem: string): Published<never> {
  return { kind: "invalid", problem };
}

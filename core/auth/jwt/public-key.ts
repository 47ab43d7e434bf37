// Public keys of issuers, and the URLs at which they may be published.

export const MAX_KEYS = 64; // keys of an issuer
const MAX_KID = 256; // characters
const KEY_TYPES = ["EC", "OKP", "RSA"];
const SECRET_MEMBERS = ["d", "k", "p", "q"]; // a key with one of them is private or symmetric

/** A public key as RFC 7517 writes it. */
export interface Jwk {
  readonly kty: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** Whether a value is a key that can only verify. */
export function isPublicKey(value: unknown): value is Jwk {
  if (typeof value !== "object" || value === null) return false;
  const { kty, kid } = value as Partial<Jwk>;
  const hasName = kid === undefined || (typeof kid === "string" && kid !== "" && kid.length <= MAX_KID);
  return KEY_TYPES.includes(kty ?? "") && hasName && !SECRET_MEMBERS.some((member) => Object.hasOwn(value, member));
}

/** Whether a value is a set of 1 to `MAX_KEYS` such keys. */
export function isPublicKeySet(value: unknown): boolean {
  const { keys } = (value ?? {}) as { readonly keys?: unknown };
  return Array.isArray(keys) && keys.length > 0 && keys.length <= MAX_KEYS && keys.every(isPublicKey);
}

/** Keys that came over plain HTTP would be those of whoever is on the way. */
export function isKeyUrl(text: string): boolean {
  return text.length <= 2_048 && KEY_URL.test(text);
}

const KEY_URL =
  /^(?:https:\/\/(?:[a-z0-9-]+\.)*[a-z0-9-]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@%]*)*$/;

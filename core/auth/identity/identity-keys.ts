// The Ed25519 keys with which the gateway signs identities: which of them signs, which are public, and how one replaces another.

/** An Ed25519 key as a JWK. @see RFC 8037, section 2 */
export interface PublicIdentityKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string; // public key, base64url of 32 bytes
  readonly kid: string; // RFC 7638 thumbprint
}

/** A key with the time of its use, as the gateway publishes it. */
export interface ScheduledKey extends PublicIdentityKey {
  readonly from: number; // epoch s from which on the key signs
}

export interface IdentityKey extends ScheduledKey {
  readonly d: string; // private key, base64url of 32 bytes
}

/** Secrets for keys: one signs, and the other is to replace it, or has been replaced by it. */
export const MAX_KEYS = 2;
/** Most keys of a published set that a service reads. */
const MAX_PUBLIC_KEYS = 8;
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/;
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @param value parsed JSON of one secret @returns undefined where it is no private Ed25519 key with `kid` and `from` */
export function readIdentityKey(value: unknown): IdentityKey | undefined {
  if (!isScheduled(value) || !("d" in value) || typeof value.d !== "string" || !KEY_TEXT.test(value.d)) return undefined;
  const { kty, crv, x, d, kid, from } = value as IdentityKey;
  return { kty, crv, x, d, kid, from };
}

/** @param value parsed JSON of a published set @returns its Ed25519 keys; others are left out. Undefined where it is no set of keys. */
export function readPublicKeys(value: unknown): readonly PublicIdentityKey[] | undefined {
  return keysOf(value)
    ?.filter(isPublic)
    .map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid }));
}

/** The same for a set of this gateway, in the order of its secrets. @returns undefined where a key has no time */
export function readScheduledKeys(value: unknown): readonly ScheduledKey[] | undefined {
  const keys = keysOf(value);
  return keys?.every(isScheduled) === true ? keys.map(publishedKey) : undefined;
}

/** What services and the command for rotation get of a key. */
export function publishedKey({ kty, crv, x, kid, from }: ScheduledKey): ScheduledKey {
  return { kty, crv, x, kid, from };
}

/** The key that signs: of those whose time has come, the latest; before that, the first. @param keys at least one @param now epoch ms */
export function signingKey<K extends ScheduledKey>(keys: readonly K[], now: number): K {
  const started = keys.filter(({ from }) => from * 1_000 <= now);
  return started.reduce((latest, key) => (key.from > latest.from ? key : latest), started[0] ?? keys[0]!);
}

/**
 * Which secret gets the next key: a free one, or the one whose key does not sign any more.
 *
 * @param keys in the order of the secrets; the first has to be there
 * @param now  epoch ms
 * @returns index of the secret, or why no key may be replaced now
 */
export function slotOfNextKey(keys: readonly ScheduledKey[], now: number): number | string {
  const next = keys.find(({ from }) => from * 1_000 > now);
  if (next !== undefined) return `key ${next.kid} is to sign from ${new Date(next.from * 1_000).toISOString()} on; wait until then`;
  return keys.length < MAX_KEYS ? keys.length : 1 - keys.indexOf(signingKey(keys, now));
}

function keysOf(value: unknown): unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { keys } = value as { readonly keys?: unknown };
  return Array.isArray(keys) && keys.length <= MAX_PUBLIC_KEYS ? keys : undefined;
}

function isPublic(key: unknown): key is PublicIdentityKey {
  if (typeof key !== "object" || key === null) return false;
  const { kty, crv, x, kid } = key as Partial<Record<string, unknown>>;
  return kty === "OKP" && crv === "Ed25519" && KEY_TEXT.test(String(x)) && typeof kid === "string" && KEY_ID.test(kid);
}

function isScheduled(key: unknown): key is ScheduledKey {
  return isPublic(key) && Number.isSafeInteger((key as Partial<ScheduledKey>).from);
}

// API keys as callers send them: `tg_<env>_<id>_<secret><tag>`. The tag shows without a lookup that this gateway has issued the key.
import { asciiBytes, equalBytes, type HmacKey, hexOf, hmacSha256, sha256 } from "../auth/sha256.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 16; // characters: 95 bits
const SECRET_LENGTH = 32; // 190 bits
const TAG_LENGTH = 8; // 47 bits
/** The longest random byte that is used: above it, some characters would be more frequent than others. */
const MAX_RANDOM = 256 - (256 % ALPHABET.length) - 1;
const FORM = /^tg_([a-z0-9]{1,16})_([0-9A-Za-z]{16})_[0-9A-Za-z]{40}$/;
const MAX_LENGTH = 3 + 16 + 1 + ID_LENGTH + 1 + SECRET_LENGTH + TAG_LENGTH;
/** Random bytes that `makeKey` needs: four times as many as characters, since one byte in 32 is not used. */
export const RANDOM_BYTES = 4 * (ID_LENGTH + SECRET_LENGTH);

/** A key in the form of this gateway. Whether it was ever issued is another question. */
export interface ParsedKey {
  readonly env: string;
  readonly id: string;
}

export function isKeyEnv(text: string): boolean {
  return /^[a-z0-9]{1,16}$/.test(text);
}

export function isKeyId(text: string): boolean {
  return /^[0-9A-Za-z]{16}$/.test(text);
}

/** @returns undefined where `text` does not have the form of a key */
export function parseKey(text: string): ParsedKey | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const parts = FORM.exec(text);
  return parts === null ? undefined : { env: parts[1]!, id: parts[2]! };
}

/**
 * Whether one of the secrets has made the tag of a key.
 *
 * @param text   a key in its form
 * @param secrets the current one, and those before it whose keys are still in use
 */
export function hasValidTag(text: string, secrets: readonly HmacKey[]): boolean {
  const signed = asciiBytes(text.slice(0, -TAG_LENGTH));
  const tag = asciiBytes(text.slice(-TAG_LENGTH));
  return secrets.some((secret) => equalBytes(tag, asciiBytes(tagOf(signed, secret))));
}

/**
 * Makes a key.
 *
 * @param random `RANDOM_BYTES` random bytes
 * @param id     of the key whose secret is replaced; undefined for a new one
 */
export function makeKey(env: string, secret: HmacKey, random: Uint8Array, id?: string): { readonly id: string; readonly text: string } {
  const characters = randomCharacters(random, ID_LENGTH + SECRET_LENGTH);
  const ownId = id ?? characters.slice(0, ID_LENGTH);
  const signed = `tg_${env}_${ownId}_${characters.slice(ID_LENGTH)}`;
  return { id: ownId, text: `${signed}${tagOf(asciiBytes(signed), secret)}` };
}

/** @returns the digest by which a key is stored, 64 hex digits */
export function digestOf(key: string): string {
  return hexOf(sha256(asciiBytes(key)));
}

/** The id of an imported key, which has no id in its text. Keys with one digest have one id. @param digest of the key, 32 bytes */
export function idOfDigest(digest: Uint8Array): string {
  return charactersOf(digest, ID_LENGTH);
}

function tagOf(signed: Uint8Array, secret: HmacKey): string {
  return charactersOf(hmacSha256(secret, signed), TAG_LENGTH);
}

/** One character for each byte. A byte has 256 values and a character 62, so that 8 characters have 47.5 bits instead of 47.6. */
function charactersOf(bytes: Uint8Array, length: number): string {
  let text = "";
  for (let at = 0; at < length; at++) text += ALPHABET[bytes[at]! % ALPHABET.length];
  return text;
}

/** @throws Error where too few of the bytes can be used: not with random ones */
function randomCharacters(random: Uint8Array, length: number): string {
  let text = "";
  for (const byte of random) {
    if (byte <= MAX_RANDOM) text += ALPHABET[byte % ALPHABET.length];
    if (text.length === length) return text;
  }
  throw new Error(`found ${text.length} of ${length} characters in ${random.length} bytes; pass random bytes`);
}

// Reads the field Idempotency-Key: a string of structured fields, in quotes.
import { parseItem } from "../structured-fields/parse.ts";

/** Longest key, characters. A random UUID has 36. */
export const MAX_KEY_LENGTH = 255;

export type ReadKey = { readonly kind: "key"; readonly value: string } | { readonly kind: "invalid"; readonly problem: string };

/** Values without quotes that many clients send: a UUID, a ULID, a number, base64. */
const UNQUOTED = /^[A-Za-z0-9._~:/+=-]+$/;

/**
 * @param text            value of the field, combined from its lines
 * @param acceptsUnquoted whether a value without quotes counts as the key that it would be in quotes; the draft does not allow it
 * @returns a key of 1 to `MAX_KEY_LENGTH` characters of printable ASCII, or what is wrong and how it is put right; parameters are ignored
 * @see IETF draft-ietf-httpapi-idempotency-key-header, section 2.1; RFC 9651, section 3.3.3
 */
export function readIdempotencyKey(text: string, acceptsUnquoted = false): ReadKey {
  // The longest value in quotes has an escape for each character; the rest is not looked at.
  if (text.length > 4 * MAX_KEY_LENGTH) return invalid(`has ${text.length} characters; write at most ${MAX_KEY_LENGTH}`);
  const value = acceptsUnquoted && UNQUOTED.test(text) ? text : stringIn(text);
  if (value === undefined) return invalid('is not one string in quotes; write it as in "8e03978e-40d5-43dd-bc93-6894a57f9324"');
  if (value === "") return invalid("is empty; write a value that is unique to the call, for example a random UUID");
  if (value.length > MAX_KEY_LENGTH) return invalid(`has ${value.length} characters; write at most ${MAX_KEY_LENGTH}`);
  return { kind: "key", value };
}

function stringIn(text: string): string | undefined {
  const item = parseItem(text)?.item;
  return item?.kind === "string" ? item.value : undefined;
}

function invalid(problem: string): ReadKey {
  return { kind: "invalid", problem };
}

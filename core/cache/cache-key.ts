// Keys of stored responses. Each part is preceded by its length, so that two calls that differ in any part have different keys.

/**
 * @param route      full name of the method, or the prefix of the HTTP route
 * @param scope      owner of the response: empty where all callers share it
 * @param resource   path and query, or the bytes of the message
 * @param dimensions values of the header fields that select the response; null where the call does not have the field
 */
export function cacheKey(route: string, scope: string, resource: string, dimensions: readonly (string | null)[]): string {
  let key = `${part(route)}${part(scope)}${part(resource)}`;
  for (const value of dimensions) key += value === null ? "-" : part(value);
  return key;
}

function part(text: string): string {
  return `${text.length}:${text}`;
}

const CHUNK_BYTES = 8_192; // fits the number of arguments that a call can have

/** Bytes as text, one character each: equal bytes give equal text, and different bytes different text. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  return text;
}

// What an answer is kept under. Each part bears its length, so that no two calls share a key that differ in a part.

/**
 * @param route   the method, or the prefix of the HTTP route
 * @param scope   whose answer it is: empty for everybody's
 * @param subject what is asked for: path and query, or the bytes of the message
 * @param dimensions header fields that answers depend on, null where the call has none
 */
export function cacheKey(route: string, scope: string, subject: string, dimensions: readonly (string | null)[]): string {
  let key = `${part(route)}${part(scope)}${part(subject)}`;
  for (const value of dimensions) key += value === null ? "-" : part(value);
  return key;
}

function part(text: string): string {
  return `${text.length}:${text}`;
}

/** Bytes as text, one character each: the same bytes and no others give the same text. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

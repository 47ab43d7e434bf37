// Percent-encoding of path variables by the rules of http.proto, which differ for variables of one segment and of several.

/**
 * Decodes a variable of exactly one segment.
 *
 * @param text from a canonical path; text with a malformed escape is returned unchanged
 * @see google/api/http.proto: "The server side does the reverse decoding."
 */
export function decodeSegment(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Decodes a variable of several segments.
 *
 * @param text from a canonical path; text with a malformed escape is returned unchanged
 * @see google/api/http.proto: "except "%2F" and "%2f" are left unchanged"
 */
export function decodeSegments(text: string): string {
  return decodeSegment(text.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
}

/** Encodes the value of a variable of exactly one segment: all but `[-_.~0-9a-zA-Z]`. A lone surrogate becomes U+FFFD. */
export function encodeSegment(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, escapeCharacter);
}

/** Encodes the value of a variable of several segments: all but `[-_.~/0-9a-zA-Z]`, and a `%2F`, which `decodeSegments` left unchanged. */
export function encodeSegments(value: string): string {
  return encodeSegment(value).replace(/%2F/g, "/").replace(/%252f/gi, "%2F");
}

/**
 * The form in which literals are compared, however they were written: reserved characters encoded, unreserved ones decoded, hex digits
 * in upper case.
 *
 * @param text well-formed: a literal of a template, or a segment of a canonical path
 * @see google/api/http.proto: "If the `LITERAL` contains any reserved character, such characters should be
 * percent-encoded before the matching."
 */
export function literalForm(text: string): string {
  if (!/[^A-Za-z0-9\-._~]/.test(text)) return text;
  return text.replace(/%[0-9A-Fa-f]{2}/g, plainForm).replace(/[!$&'()*+,;=:@]/g, escapeCharacter);
}

function plainForm(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

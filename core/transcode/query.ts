// Parses the query of a URL into names and values, in their order.

export type ParsedQuery =
  | { readonly kind: "ok"; readonly pairs: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "invalid"; readonly problem: string };

/** A query with more parameters is refused. */
export const MAX_PARAMETERS = 1000;

/**
 * Parses a query in form encoding: `+` is a space, and a name without `=` has an empty value.
 *
 * @param query raw, with or without its `?`
 * @see https://url.spec.whatwg.org/#urlencoded-parsing, but malformed escapes are refused
 */
export function parseQuery(query: string): ParsedQuery {
  const pairs: [string, string][] = [];
  for (let at = query.startsWith("?") ? 1 : 0; at < query.length; ) {
    const found = query.indexOf("&", at);
    const end = found < 0 ? query.length : found;
    if (end > at) {
      if (pairs.length === MAX_PARAMETERS) return { kind: "invalid", problem: `query has more than ${MAX_PARAMETERS} parameters` };
      const text = query.slice(at, end);
      const equals = text.indexOf("=");
      const name = decode(equals < 0 ? text : text.slice(0, equals));
      const value = equals < 0 ? "" : decode(text.slice(equals + 1));
      if (name === undefined || value === undefined)
        return { kind: "invalid", problem: `query has a malformed escape in "${text.slice(0, 100)}"` };
      pairs.push([name, value]);
    }
    at = end + 1;
  }
  return { kind: "ok", pairs };
}

/** @returns undefined if an escape is malformed, or if the decoded bytes are not UTF-8 */
function decode(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

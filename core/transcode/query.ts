// The query of a URL as names and values, in the order they stand there.

export type ParsedQuery =
  | { readonly kind: "ok"; readonly pairs: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "invalid"; readonly problem: string };

/** More parameters than any form has; past it a query is refused, not cut. */
export const MAX_PARAMETERS = 1000;

/**
 * Parses a query as forms write it: `+` is a space, and a name alone has an empty value.
 *
 * @param query raw, with or without its `?`
 * @see https://url.spec.whatwg.org/#urlencoded-parsing, with malformed escapes refused instead of kept
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

/** @returns undefined where an escape is malformed, or what it stands for is not UTF-8 */
function decode(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

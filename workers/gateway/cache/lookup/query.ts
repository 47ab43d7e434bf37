// The query of a cached resource: what is declared, and nothing else.

/** What a resource is called, by its path and query: with the parameters that count. */
export function resourceOf(path: string, query: string, names: "all" | readonly string[]): string {
  return names === "all" ? path + query : path + (selectQuery(query, names) ?? query);
}

/**
 * Values stay as they are written: nobody decodes here what somebody else decodes otherwise.
 *
 * @param query  empty, or from `?` on
 * @param names  the parameters that count
 * @returns in the order of `names`; undefined where one comes twice, since readers do not agree on which one counts
 */
export function selectQuery(query: string, names: readonly string[]): string | undefined {
  const found = new Map<string, string>();
  for (const pair of query.slice(1).split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!names.includes(name)) {
      if (/[%;]/.test(pair) && names.some((one) => decoded(pair).includes(one))) return undefined; // somebody may read one of them here
      continue;
    }
    if (found.has(name) || /;/.test(pair)) return undefined;
    found.set(name, pair);
  }
  const pairs = names.flatMap((name) => found.get(name) ?? []);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

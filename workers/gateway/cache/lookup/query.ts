// The query of a cached resource: only the parameters that the route declares.

/** The name of a resource: its path, and the parameters of its query that the route declares. */
export function resourceOf(path: string, query: string, names: "all" | readonly string[]): string {
  return names === "all" ? path + query : path + (selectQuery(query, names) ?? query);
}

/**
 * Values are not decoded: the gateway and the upstream could decode them differently.
 *
 * @param query empty, or with its `?`
 * @param names parameters that the route declares
 * @returns parameters in the order of `names`; undefined for an ambiguous query: a parameter that occurs twice, contains `;`, or could
 *   be hidden in an encoded name
 */
export function selectQuery(query: string, names: readonly string[]): string | undefined {
  const selected = new Map<string, string>();
  for (const pair of query.slice(1).split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!names.includes(name)) {
      if (/[%;]/.test(pair) && names.some((declared) => decoded(pair).includes(declared))) return undefined;
      continue;
    }
    if (selected.has(name) || /;/.test(pair)) return undefined;
    selected.set(name, pair);
  }
  const pairs = names.flatMap((name) => selected.get(name) ?? []);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

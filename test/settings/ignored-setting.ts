// A parser that ignores one setting: what is written for it counts as not written. Runs wherever settings are parsed.

/** Fields of a block without the ignored one. @param known names of all settings of the block */
export type Ignore = (
  path: string,
  fields: Readonly<Record<string, unknown>>,
  known: readonly string[],
) => Readonly<Record<string, unknown>>;

const ROUTE_FIELDS = ["auth", "rateLimits", "addresses"]; // names in each block that has the settings of `defaults`

/** @param setting as docs/parameters.md names it: `rateLimits[name].tiers.by.claim` */
export function ignoring(setting: string): Ignore {
  const tokens = tokensOf(setting);
  const name = tokens.at(-1)!;
  const section = tokens.slice(0, -1);
  const isIn = section.length === 1 && section[0] === "defaults" ? isRoute : (path: string) => endsWith(tokensOf(path), section);
  return (path, fields, known) => {
    if (!(name in fields) || !known.includes(name) || !isIn(path, known)) return fields;
    const { [name]: _, ...others } = fields;
    return others;
  };
}

function isRoute(_: string, known: readonly string[]): boolean {
  return ROUTE_FIELDS.every((field) => known.includes(field));
}

/** Blocks that are written in several places, such as an upstream, are in the same section: the end of the path decides. */
function endsWith(path: readonly string[], section: readonly string[]): boolean {
  if (section.length === 0) return path.length === 0;
  const compared = isWildcard(section.at(-1)!) ? 2 : 1;
  const [end, of] = [path.slice(-compared), section.slice(-compared)];
  return end.length === of.length && of.every((token, index) => isWildcard(token) || token === end[index]);
}

function isWildcard(token: string): boolean {
  return token === "[name]" || token === "[]";
}

function tokensOf(path: string): string[] {
  return path.match(/\["(?:[^"\\]|\\.)*"\]|\[\w*\]|[^.[\]]+/g) ?? [];
}

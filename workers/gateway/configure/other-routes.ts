// The routes that share a prefix with a plain HTTP route, against which its paths are checked.
import type { OtherRoutes } from "../../../core/path/ambiguous-path.ts";
import type { PathTemplate } from "../../../core/transcode/path-template.ts";

/**
 * @param prefix    of the plain HTTP route
 * @param prefixes  of all plain HTTP routes
 * @param methods   paths of all RPC methods, those of the gateway's own services included
 * @param templates of all REST rules
 * @returns what lies below the prefix; undefined where nothing does
 */
export function otherRoutes(
  prefix: string,
  prefixes: Iterable<string>,
  methods: Iterable<string>,
  templates: Iterable<PathTemplate>,
): OtherRoutes | undefined {
  const isBelow = (path: string): boolean => path !== prefix && path.startsWith(prefix);
  const literals = new Set([...prefixes].filter(isBelow));
  let overlaps = literals.size > 0;
  for (const { segments } of templates) {
    if (!mayMatchBelow(segments, prefix)) continue;
    overlaps = true;
    const wildcard = segments.findIndex((segment) => segment.startsWith("*"));
    const literal = `/${segments.slice(0, wildcard < 0 ? undefined : wildcard).join("/")}`;
    if (isBelow(literal)) literals.add(literal);
  }
  const below = [...methods].filter(isBelow);
  return overlaps || below.length > 0 ? { prefixes: [...literals], methods: below } : undefined;
}

/** Whether a rule with these segments matches some path that starts with `prefix`. */
function mayMatchBelow(segments: readonly string[], prefix: string): boolean {
  const given = prefix.split("/").slice(1, -1);
  for (const [index, segment] of given.entries()) {
    const wanted = segments[index];
    if (wanted === "**") return true;
    if (wanted === undefined || (wanted !== "*" && wanted !== segment)) return false;
  }
  return true;
}

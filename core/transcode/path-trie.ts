// Finds the route of a path in a tree of segments; no template becomes a regular expression.
//   At each segment a literal has precedence over `*`, and `*` over `**`; a verb has precedence over a colon that is data.
import { decodeSegment, decodeSegments, literalForm } from "./escape.ts";
import type { PathTemplate, PathVariable } from "./path-template.ts";

/** The decoded values of a path: one text per variable of the template, in its order. */
export type PathValues = readonly string[];

export type PathMatch<Route> =
  | { readonly kind: "found"; readonly route: Route; readonly variables: PathValues }
  | { readonly kind: "unknown_path" }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] };

export interface PathTrie<Route> {
  /**
   * @param method upper case; `*` matches every method without a route of its own at this path
   * @returns the route that has the same method and paths already; then nothing is added
   */
  add(method: string, template: PathTemplate, route: Route): Route | undefined;
  /**
   * Finds the most specific route that has the method. The text after the last colon is a verb if any template there has that verb,
   * whatever its method; otherwise it is data.
   *
   * No node is visited more than four times (with and without a verb, for a route and for the allowed methods): the work is linear in the
   * length of the path, and bounded by the number of rules.
   *
   * @param path canonical
   */
  match(method: string, path: string): PathMatch<Route>;
}

interface Node<Route> {
  readonly literals: Map<string, Node<Route>>;
  any: Node<Route> | undefined; // `*`
  readonly here: Verbs<Route>; // templates that end at this node
  readonly rest: Verbs<Route>; // templates that end with `**` at this node
}

interface Entry<Route> {
  readonly route: Route;
  readonly template: PathTemplate;
}

type Methods<Route> = Map<string, Entry<Route>>;
type Verbs<Route> = Map<string, Methods<Route>>;

/** One way to split a path into segments and verb. The literals are the segments in the form in which they are compared. */
interface Reading {
  readonly segments: readonly string[];
  readonly literals: readonly string[];
  readonly verb: string;
}

export function createPathTrie<Route>(): PathTrie<Route> {
  const root = createNode<Route>();
  let colonsInVerbs = 0;
  return {
    add(method, template, route) {
      colonsInVerbs = Math.max(colonsInVerbs, template.verb.split(ENCODED_COLON).length - 1);
      const methods = methodsAt(root, template);
      const existing = methods.get(method);
      if (existing === undefined) methods.set(method, { route, template });
      return existing?.route;
    },

    match(method, path) {
      for (const reading of readingsOf(path, colonsInVerbs)) {
        const entry = search(root, reading, 0, (methods) => routeFor(methods, method));
        if (entry !== undefined) {
          const variables = entry.template.variables.map((variable) => textOf(variable, reading.segments));
          return { kind: "found", route: entry.route, variables };
        }
        const allow = new Set<string>();
        search(root, reading, 0, (methods) => {
          for (const allowed of methods.keys()) allow.add(allowed);
          return undefined; // continues the search
        });
        if (allow.size > 0) return { kind: "method_not_allowed", allow: [...allow].sort() };
      }
      return { kind: "unknown_path" };
    },
  };
}

/** HEAD uses the route of GET, unless a rule has HEAD itself. */
function routeFor<Route>(methods: Methods<Route>, method: string): Entry<Route> | undefined {
  return methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined) ?? methods.get("*");
}

const ENCODED_COLON = "%3A"; // a colon within a verb, in the form in which literals are compared

function createNode<Route>(): Node<Route> {
  return { literals: new Map(), any: undefined, here: new Map(), rest: new Map() };
}

function methodsAt<Route>(root: Node<Route>, { segments, verb }: PathTemplate): Methods<Route> {
  let node = root;
  let verbs = root.here;
  for (const segment of segments) {
    if (segment === "**") {
      verbs = node.rest; // always the last segment
      break;
    }
    if (segment === "*") node.any ??= createNode();
    node = segment === "*" ? node.any! : getOrAdd(node.literals, segment, createNode<Route>);
    verbs = node.here;
  }
  return getOrAdd(verbs, verb, () => new Map());
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}

/**
 * Only a raw colon in the last segment can start a verb; an encoded one is data. The reading with the longest verb comes first, the one
 * without a verb last.
 *
 * @param colonsInVerbs the most colons within one verb of the templates; colons further to the left start no verb
 */
function readingsOf(path: string, colonsInVerbs: number): readonly Reading[] {
  const segments = path.slice(1).split("/");
  const literals = segments.map(literalForm);
  const readings: Reading[] = [{ segments, literals, verb: "" }];
  const last = segments.at(-1)!;
  let colon = last.lastIndexOf(":");
  if (colon < 0 || colon === last.length - 1) return readings;
  for (let more = colonsInVerbs; colon >= 0 && more >= 0; more--) {
    const stem = last.slice(0, colon);
    const verb = literalForm(last.slice(colon + 1));
    readings.unshift({ segments: segments.with(-1, stem), literals: literals.with(-1, literalForm(stem)), verb });
    colon = colon === 0 ? -1 : last.lastIndexOf(":", colon - 1);
  }
  return readings;
}

function search<Route>(
  node: Node<Route>,
  reading: Reading,
  depth: number,
  pick: (methods: Methods<Route>) => Entry<Route> | undefined,
): Entry<Route> | undefined {
  const pickAt = (verbs: Verbs<Route>) => {
    const methods = verbs.get(reading.verb);
    return methods === undefined ? undefined : pick(methods);
  };
  if (depth === reading.segments.length) return pickAt(node.here) ?? pickAt(node.rest); // `**` matches zero segments too
  const literal = node.literals.get(reading.literals[depth]!);
  return (
    (literal && search(literal, reading, depth + 1, pick)) ??
    (node.any && reading.segments[depth] !== "" ? search(node.any, reading, depth + 1, pick) : undefined) ??
    pickAt(node.rest)
  );
}

function textOf({ start, end }: PathVariable, segments: readonly string[]): string {
  if (end === start + 1) return decodeSegment(segments[start]!);
  return decodeSegments(segments.slice(start, end < 0 ? segments.length : end).join("/"));
}

// Paths to routes: a tree of segments, searched without a regular expression from any template.
//   At each segment a literal goes before `*`, and `*` before `**`; a verb goes before a colon that is data.
import { decodeSegment, decodeSegments, literalForm } from "./escape.ts";
import type { PathTemplate, PathVariable } from "./path-template.ts";

/** What a path carries, decoded: one text per variable of the template, in its order. */
export type PathValues = readonly string[];

export type PathMatch<Route> =
  | { readonly kind: "found"; readonly route: Route; readonly variables: PathValues }
  | { readonly kind: "unknown_path" }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] };

export interface PathTrie<Route> {
  /**
   * @param method upper case; `*` is any method that has no route of its own at this place
   * @returns the route that stands at the same place already, if there is one: then nothing is added
   */
  add(method: string, template: PathTemplate, route: Route): Route | undefined;
  /**
   * Finds the first route that has the method; a less specific one may answer for a method that a more specific one lacks.
   * What follows the last colon is a verb wherever a template has it, whatever the method, and data everywhere else.
   *
   * No node is looked at more than four times (with and without a verb, for a route and for the methods allowed):
   * the work is linear in the path, and whatever a path is made of, the number of rules bounds the rest.
   *
   * @param path canonical
   */
  match(method: string, path: string): PathMatch<Route>;
}

interface Node<Route> {
  readonly literals: Map<string, Node<Route>>;
  any: Node<Route> | undefined; // `*`
  readonly here: Verbs<Route>; // of the templates that end here
  readonly rest: Verbs<Route>; // of the templates that end with `**` from here on
}

interface Entry<Route> {
  readonly route: Route;
  readonly template: PathTemplate;
}

type Methods<Route> = Map<string, Entry<Route>>;
type Verbs<Route> = Map<string, Methods<Route>>;

/** One way to read a path. The segments are those of the path; the literals are what they are compared by. */
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
      const methods = placeOf(root, template);
      const standing = methods.get(method);
      if (standing === undefined) methods.set(method, { route, template });
      return standing?.route;
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
          return undefined; // and look on
        });
        if (allow.size > 0) return { kind: "method_not_allowed", allow: [...allow].sort() };
      }
      return { kind: "unknown_path" };
    },
  };
}

/** HEAD is GET without the body of the response, unless a rule says otherwise. */
function routeFor<Route>(methods: Methods<Route>, method: string): Entry<Route> | undefined {
  return methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined) ?? methods.get("*");
}

const ENCODED_COLON = "%3A"; // as a verb holds one: in the form that literals are compared in

function createNode<Route>(): Node<Route> {
  return { literals: new Map(), any: undefined, here: new Map(), rest: new Map() };
}

function placeOf<Route>(root: Node<Route>, { segments, verb }: PathTemplate): Methods<Route> {
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
 * Only a raw colon in the last segment can start a verb; an encoded one is data. The longest verb goes first, and data last.
 *
 * @param colonsInVerbs most colons that a verb has within itself: further ones to the left start none
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
  if (depth === reading.segments.length) return pickAt(node.here) ?? pickAt(node.rest); // `**` takes zero segments, too
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

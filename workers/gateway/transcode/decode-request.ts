// A REST request to the message of its method: body, then query, then path. What comes later wins, so the path has the last word.
import { create, type Message } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type FieldViolation, Rejected } from "../../../core/rejection.ts";
import type { PathValues } from "../../../core/transcode/path-trie.ts";
import { parseQuery } from "../../../core/transcode/query.ts";
import { readBody } from "./body.ts";
import { invalidRequest } from "./json/invalid-request.ts";
import { urlValueFormOf } from "./json/url-values.ts";
import { changeAt, type FieldPath, kindOf, resolveField } from "./rules/fields.ts";
import type { RestRoute } from "./rules/rule.ts";
import { inferUpdateMask } from "./rules/update-mask.ts";

/**
 * @param variables what the path carries, as `match` has decoded it
 * @param query     raw, with or without its `?`
 * @param body      whole; null or empty where there is none
 * @throws Rejected with every field that is wrong in the body, or else in query and path
 */
export function decodeRequest(
  route: RestRoute,
  variables: PathValues,
  query: string,
  contentType: string | null,
  body: Uint8Array | null,
): Message {
  const message = create(route.method.input);
  const target = reflect(route.method.input, message, false);
  const json = readBody(route, target, contentType, body);
  bindUrl(route, target, variables, query);
  if (json !== undefined) inferUpdateMask(route, target, json);
  return message;
}

/** Binds what the URL carries, over what the message holds already. */
export function bindUrl(route: RestRoute, target: ReflectMessage, variables: PathValues, query: string): void {
  const violations: FieldViolation[] = [];
  if (query.length > 1) bindQuery(route, target, query, violations);
  for (const [index, path] of route.variables.entries()) {
    const form = urlValueFormOf(path.field)!;
    const value = form.read(variables[index]!, route.options);
    if (value === undefined) violations.push({ field: path.text, description: `must be ${form.what}` });
    else changeAt(target, path, (holder) => holder.set(path.field, value));
  }
  if (violations.length > 0) throw invalidRequest(violations);
}

function bindQuery(route: RestRoute, target: ReflectMessage, query: string, violations: FieldViolation[]): void {
  const parsed = parseQuery(query);
  if (parsed.kind === "invalid") throw new Rejected({ kind: "invalid_request", message: parsed.problem });
  const taken = new Map<string, string>();
  for (const [name, text] of parsed.pairs) {
    const problem = bindParameter(route, target, name, text, taken);
    if (problem !== undefined) violations.push({ field: name.slice(0, 100), description: problem });
  }
}

/** @returns what is wrong with the parameter, if anything is */
function bindParameter(
  route: RestRoute,
  target: ReflectMessage,
  name: string,
  text: string,
  taken: Map<string, string>,
): string | undefined {
  const { options, body, method } = route;
  if (options.ignoredQuery?.includes(name) === true) return undefined;
  const resolved = resolveField(method.input, name);
  if (resolved.kind === "unknown" && options.ignoreUnknownQuery === true) return undefined;
  if (resolved.kind !== "found") return `is no query parameter: ${resolved.problem}`;
  const { path } = resolved;
  const { field } = path;
  if (body !== undefined && (body.field === undefined || body.field === (path.parents[0] ?? field)))
    return "is in the body, so it is no query parameter";
  if (route.variables.some((variable) => variable.text === path.text)) return undefined; // the path has it

  const form = urlValueFormOf(field);
  if (form === undefined) return `is ${kindOf(field)}, so it is no query parameter`;
  const value = form.read(text, options);
  if (value === undefined) return `must be ${form.what}`;
  const conflict = take(taken, path);
  if (conflict !== undefined) return conflict;
  changeAt(target, path, (holder) => {
    if (field.fieldKind === "list") (holder.get(field) as ReflectList).add(value);
    else holder.set(field, value);
  });
  return undefined;
}

/** Takes the place of a parameter: a field that holds one value, and one member of each oneof on the way to it. */
function take(taken: Map<string, string>, { text, parents, field }: FieldPath): string | undefined {
  if (field.fieldKind !== "list" && taken.has(text)) return "is given twice";
  taken.set(text, "");
  let prefix = "";
  for (const member of [...parents, field]) {
    if (member.oneof !== undefined) {
      const place = `${prefix}(${member.oneof.name})`;
      const standing = taken.get(place) ?? member.name;
      if (standing !== member.name) return `is given beside ${prefix}${standing}, and ${member.oneof.name} holds one of them`;
      taken.set(place, standing);
    }
    prefix += `${member.name}.`;
  }
  return undefined;
}

// Decodes a REST request into the message of its method: body, then query, then path. Later values replace earlier ones.
import { create, type Message } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { Rejected } from "../../../core/rejection.ts";
import type { PathValues } from "../../../core/transcode/path-trie.ts";
import { parseQuery } from "../../../core/transcode/query.ts";
import { ViolationList } from "../../../core/violations/violation-list.ts";
import { readBody } from "./body.ts";
import { invalidRequest } from "./json/invalid-request.ts";
import { urlValueFormOf } from "./json/url-values.ts";
import { changeAt, type FieldPath, kindOf, resolveField } from "./rules/fields.ts";
import type { RestRoute } from "./rules/rule.ts";
import { inferUpdateMask } from "./rules/update-mask.ts";

/**
 * @param variables decoded values of the path
 * @param query     raw, with or without its `?`
 * @param body      whole; null or empty if there is none
 * @param maxElements most elements of the body
 * @throws Rejected with all invalid fields of the body or, if the body is valid, of query and path
 */
export function decodeRequest(
  route: RestRoute,
  variables: PathValues,
  query: string,
  contentType: string | null,
  body: Uint8Array | null,
  maxElements: number,
): Message {
  const message = create(route.method.input);
  const target = reflect(route.method.input, message, false);
  const json = readBody(route, target, contentType, body, maxElements);
  bindUrl(route, target, variables, query);
  if (json !== undefined) inferUpdateMask(route, target, json);
  return message;
}

/** Sets the fields that the URL has values for, over those that the message has already. */
export function bindUrl(route: RestRoute, target: ReflectMessage, variables: PathValues, query: string): void {
  const violations = new ViolationList();
  if (query.length > 1) bindQuery(route, target, query, violations);
  for (const [index, path] of route.variables.entries()) {
    const form = urlValueFormOf(path.field)!;
    const value = form.read(variables[index]!, route.options);
    if (value === undefined) violations.add(path.text, `must be ${form.what}`);
    else changeAt(target, path, (holder) => holder.set(path.field, value));
  }
  if (violations.count > 0) throw invalidRequest(violations);
}

function bindQuery(route: RestRoute, target: ReflectMessage, query: string, violations: ViolationList): void {
  const parsed = parseQuery(query);
  if (parsed.kind === "invalid") throw new Rejected({ kind: "invalid_request", message: parsed.problem });
  const claimed = new Map<string, string>();
  for (const [name, text] of parsed.pairs) {
    const problem = bindParameter(route, target, name, text, claimed);
    if (problem !== undefined) violations.add(name, problem);
  }
}

/** @returns the problem of the parameter; undefined if it is valid */
function bindParameter(
  route: RestRoute,
  target: ReflectMessage,
  name: string,
  text: string,
  claimed: Map<string, string>,
): string | undefined {
  const { options, body, method } = route;
  if (options.ignoredQuery?.includes(name) === true) return undefined;
  const resolved = resolveField(method.input, name);
  if (resolved.kind === "unknown" && options.ignoreUnknownQuery === true) return undefined;
  if (resolved.kind !== "found") return `is not a query parameter: ${resolved.problem}`;
  const { path } = resolved;
  const { field } = path;
  if (body !== undefined && (body.field === undefined || body.field === (path.parents[0] ?? field)))
    return "is part of the body, so it cannot be a query parameter";
  if (route.variables.some((variable) => variable.text === path.text)) return undefined; // the path has its value

  const form = urlValueFormOf(field);
  if (form === undefined) return `is ${kindOf(field)}, so it cannot be a query parameter`;
  const value = form.read(text, options);
  if (value === undefined) return `must be ${form.what}`;
  const conflict = claim(claimed, path);
  if (conflict !== undefined) return conflict;
  changeAt(target, path, (holder) => {
    if (field.fieldKind === "list") (holder.get(field) as ReflectList).add(value);
    else holder.set(field, value);
  });
  return undefined;
}

/**
 * Records that a parameter is set: a field with a single value can be set once, and of each oneof on its path only one member.
 *
 * @returns the conflict with an earlier parameter, if there is one
 */
function claim(claimed: Map<string, string>, { text, parents, field }: FieldPath): string | undefined {
  if (field.fieldKind !== "list" && claimed.has(text)) return "is set twice";
  claimed.set(text, "");
  let prefix = "";
  for (const member of [...parents, field]) {
    if (member.oneof !== undefined) {
      const oneof = `${prefix}(${member.oneof.name})`;
      const earlier = claimed.get(oneof) ?? member.name;
      if (earlier !== member.name) return `is set together with ${prefix}${earlier}, but only one field of ${member.oneof.name} can be set`;
      claimed.set(oneof, earlier);
    }
    prefix += `${member.name}.`;
  }
  return undefined;
}

// A message to the URL of a rule: the inverse of reading one, for calls that leave as REST.
import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { expandPath } from "../../../core/transcode/expand.ts";
import { type FieldPath, kindOf } from "./fields.ts";
import type { RestRoute } from "./rule.ts";
import { textFormOf } from "./text.ts";

export type ExpandedRequest =
  | { readonly kind: "ok"; readonly path: string; readonly query: string } // `query` is empty or starts with `?`
  | { readonly kind: "invalid"; readonly field: string; readonly problem: string };

/** Path and query of a request; what the rule puts into the body is left to the body. */
export function expandRequest(route: RestRoute, message: Message): ExpandedRequest {
  const source = reflect(route.method.input, message, false);
  const expanded = expandPath(
    route.template,
    route.variables.map((path) => textAt(source, path)),
  );
  if (expanded.kind === "invalid") return expanded;
  const isWholeBody = route.body !== undefined && route.body.field === undefined;
  const query = isWholeBody ? [] : pairsOf(route, source);
  if (!Array.isArray(query)) return query;
  return { kind: "ok", path: expanded.path, query: query.length === 0 ? "" : `?${query.join("&")}` };
}

function textAt(source: ReflectMessage, { parents, field }: FieldPath): string {
  const holder = parents.reduce((inside, parent) => inside.get(parent), source);
  return textFormOf(field)!.write(holder.get(field));
}

/** All that is set, but for path and body; or the first field that has no place in a URL. */
function pairsOf(route: RestRoute, source: ReflectMessage): string[] | (ExpandedRequest & { kind: "invalid" }) {
  const pairs: string[] = [];
  const inPath = new Set(route.variables.map(({ text }) => text));
  const visit = (holder: ReflectMessage, prefix: string): (ExpandedRequest & { kind: "invalid" }) | undefined => {
    for (const field of holder.fields) {
      const name = prefix + field.name;
      if (!holder.isSet(field) || inPath.has(name) || field === route.body?.field) continue;
      const form = textFormOf(field);
      if (form === undefined && field.fieldKind !== "message")
        return { kind: "invalid", field: name, problem: `is ${kindOf(field)}: it cannot stand in a URL` };
      if (form === undefined) {
        const problem = visit(holder.get(field) as ReflectMessage, `${name}.`);
        if (problem !== undefined) return problem;
      } else {
        const values = field.fieldKind === "list" ? [...(holder.get(field) as ReflectList)] : [holder.get(field)];
        for (const value of values) pairs.push(`${name}=${encodeURIComponent(form.write(value).toWellFormed())}`);
      }
    }
    return undefined;
  };
  return visit(source, "") ?? pairs;
}

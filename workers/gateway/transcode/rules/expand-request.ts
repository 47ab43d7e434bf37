// A message to the URL of a rule: the inverse of reading one, for calls that leave as REST.
import type { Message } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { expandPath } from "../../../../core/transcode/expand.ts";
import { urlValueFormOf } from "../json/url-values.ts";
import { type FieldPath, kindOf } from "./fields.ts";
import type { RestRoute } from "./rule.ts";

interface Unfit {
  readonly kind: "invalid";
  readonly field: string; // proto path
  readonly problem: string;
}

export type ExpandedRequest = Unfit | { readonly kind: "ok"; readonly path: string; readonly query: string }; // `query` is empty or starts with `?`

/** Path and query of a request; what the rule puts into the body is left to the body. */
export function expandRequest(route: RestRoute, message: Message): ExpandedRequest {
  const source = reflect(route.method.input, message, false);
  const values = route.variables.map((path) => textAt(source, path));
  const expanded = expandPath(route.template, values);
  if (expanded.kind === "invalid") return expanded;
  const pairs: string[] = [];
  const isWholeBody = route.body !== undefined && route.body.field === undefined;
  const unfit = isWholeBody ? undefined : addPairs(route, source, "", pairs);
  if (unfit !== undefined) return unfit;
  return { kind: "ok", path: expanded.path, query: pairs.length === 0 ? "" : `?${pairs.join("&")}` };
}

function textAt(source: ReflectMessage, { parents, field }: FieldPath): string {
  const holder = parents.reduce((inside, parent) => inside.get(parent), source);
  return urlValueFormOf(field)!.write(holder.get(field));
}

/** Adds all that is set, but for path and body. @returns the first field that has no place in a URL */
function addPairs(route: RestRoute, holder: ReflectMessage, prefix: string, pairs: string[]): Unfit | undefined {
  for (const field of holder.fields) {
    const name = prefix + field.name;
    if (!holder.isSet(field) || field === route.body?.field || route.variables.some(({ text }) => text === name)) continue;
    const form = urlValueFormOf(field);
    if (form !== undefined) {
      const values = field.fieldKind === "list" ? [...(holder.get(field) as ReflectList)] : [holder.get(field)];
      for (const value of values) pairs.push(`${name}=${encodeURIComponent(form.write(value).toWellFormed())}`);
    } else if (field.fieldKind === "message") {
      const unfit = addPairs(route, holder.get(field), `${name}.`, pairs);
      if (unfit !== undefined) return unfit;
    } else {
      return { kind: "invalid", field: name, problem: `is ${kindOf(field)}, which cannot stand in a URL` };
    }
  }
  return undefined;
}

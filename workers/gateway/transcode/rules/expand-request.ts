// Builds the URL of a rule from a message: the inverse of decoding, for calls that leave as REST.
import type { Message } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { expandPath } from "../../../../core/transcode/expand.ts";
import { urlValueFormOf } from "../json/url-values.ts";
import { type FieldPath, kindOf } from "./fields.ts";
import type { RestRoute } from "./rule.ts";

interface Invalid {
  readonly kind: "invalid";
  readonly field: string; // path in proto names
  readonly problem: string;
}

export type ExpandedRequest = Invalid | { readonly kind: "ok"; readonly path: string; readonly query: string }; // `query` is empty or starts with `?`

/** Path and query of a request; fields that are in the body are not part of them. */
export function expandRequest(route: RestRoute, message: Message): ExpandedRequest {
  const source = reflect(route.method.input, message, false);
  const values = route.variables.map((path) => textAt(source, path));
  const expanded = expandPath(route.template, values);
  if (expanded.kind === "invalid") return expanded;
  const pairs: string[] = [];
  const isWholeBody = route.body !== undefined && route.body.field === undefined;
  const invalid = isWholeBody ? undefined : addPairs(route, source, "", pairs);
  if (invalid !== undefined) return invalid;
  return { kind: "ok", path: expanded.path, query: pairs.length === 0 ? "" : `?${pairs.join("&")}` };
}

function textAt(source: ReflectMessage, { parents, field }: FieldPath): string {
  const holder = parents.reduce((inside, parent) => inside.get(parent), source);
  return urlValueFormOf(field)!.write(holder.get(field));
}

/** Adds every field that is set and is in neither path nor body. @returns the first field that cannot be in a URL */
function addPairs(route: RestRoute, holder: ReflectMessage, prefix: string, pairs: string[]): Invalid | undefined {
  for (const field of holder.fields) {
    const name = prefix + field.name;
    if (!holder.isSet(field) || field === route.body?.field || route.variables.some(({ text }) => text === name)) continue;
    const form = urlValueFormOf(field);
    if (form !== undefined) {
      const values = field.fieldKind === "list" ? [...(holder.get(field) as ReflectList)] : [holder.get(field)];
      for (const value of values) pairs.push(`${name}=${encodeURIComponent(form.write(value).toWellFormed())}`);
    } else if (field.fieldKind === "message") {
      const invalid = addPairs(route, holder.get(field), `${name}.`, pairs);
      if (invalid !== undefined) return invalid;
    } else {
      return { kind: "invalid", field: name, problem: `is ${kindOf(field)}, which cannot be in a URL` };
    }
  }
  return undefined;
}

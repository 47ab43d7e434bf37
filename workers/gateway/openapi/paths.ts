// Writes path templates for OpenAPI: one parameter for each segment that is not fixed.
import type { RestRoute } from "../transcode/rules/rules.ts";
import { commentOf, exampleOf } from "./schemas/comments.ts";
import type { Schemas } from "./schemas/schemas.ts";
import type { Schema } from "./schemas/values.ts";

export interface OpenPath {
  readonly text: string; // `/v1/users/{id}:cancel`
  readonly shape: string; // the same without parameter names: OpenAPI treats two paths of one shape as the same
  readonly names: readonly string[];
}

/** @param chosen parameter names of an earlier route of the same shape */
export function openPathOf({ template, variables }: RestRoute, chosen?: readonly string[]): OpenPath {
  const names: string[] = [];
  let shape = "";
  let text = "";
  for (const [index, segment] of template.segments.entries()) {
    const isFixed = segment !== "*" && segment !== "**";
    const own = template.variables.findIndex(({ start, end }) => start === index && (end === index + 1 || end === -1));
    const name = chosen?.[names.length] ?? (own >= 0 ? jsonPath(variables[own]!) : nameAfter(template.segments[index - 1], names));
    if (!isFixed) names.push(name);
    shape += isFixed ? `/${segment}` : `/{${segment}}`;
    text += isFixed ? `/${segment}` : `/{${name}}`;
  }
  const verb = template.verb === "" ? "" : `:${template.verb}`;
  return { text: text + verb, shape: shape.replaceAll("{**}", "{*}") + verb, names };
}

export function pathParameters(route: RestRoute, path: OpenPath, schemas: Schemas): Schema[] {
  const { template, variables } = route;
  const wild = [...template.segments.entries()].filter(([, segment]) => segment === "*" || segment === "**");
  return wild.map(([index, segment], order) => {
    const at = template.variables.findIndex(({ start, end }) => start <= index && (end === -1 || index < end));
    const variable = variables[at];
    const { start = 0, end = 0 } = template.variables[at] ?? {};
    const isWhole = variable !== undefined && (end === start + 1 || (end === -1 && start === index));
    const name = path.names[order]!;
    const comment = variable && commentOf(variable.field);
    const renamed = variable !== undefined && (!isWhole || jsonPath(variable) !== name);
    const parts =
      isWhole || variable === undefined ? "" : `, which is \`${template.segments.slice(start, end < 0 ? undefined : end).join("/")}\``;
    const description = [
      comment,
      renamed ? `${isWhole ? "Sets" : "Part of"} \`${variable.text}\`${parts}.` : "",
      segment === "**" ? "May have several segments; slashes are not encoded." : "",
    ];
    const shape: Schema = isWhole ? schemas.ofField(variable.field) : { type: "string" };
    return {
      name,
      in: "path",
      required: true,
      description: description.filter(Boolean).join(" ") || undefined,
      example: variable && isWhole ? exampleOf(variable.field) : undefined,
      schema: inPath(bare(shape)),
      "x-multi-segment": segment === "**" || undefined,
    };
  });
}

/** A segment has at least one character. The gateway refuses control characters and backslashes in paths, escaped or not. */
function inPath(schema: Schema): Schema {
  if (schema["type"] !== "string" || ["pattern", "format", "enum", "const"].some((keyword) => schema[keyword] !== undefined)) return schema;
  return { ...schema, minLength: Math.max(1, Number(schema["minLength"] ?? 1)), pattern: "^[^\\u0000-\\u001f\\u007f\\\\]+$" };
}

/** The schema of a value, without the parts that are about the field. */
export function bare({
  description,
  readOnly,
  writeOnly,
  deprecated,
  "x-oneof": oneof,
  "x-immutable": immutable,
  ...schema
}: Schema): Schema {
  return schema;
}

/** The path of a field in JSON names, such as `user.displayName`. */
export function jsonPath({
  parents,
  field,
}: {
  readonly parents: readonly { jsonName: string }[];
  readonly field: { jsonName: string };
}): string {
  return [...parents, field].map(({ jsonName }) => jsonName).join(".");
}

/** A name for a wildcard without a variable, from the literal before it: `usersId` for `users/*`. */
function nameAfter(literal: string | undefined, taken: readonly string[]): string {
  const stem = /^[A-Za-z][A-Za-z0-9_]*$/.test(literal ?? "") ? `${literal}Id` : "segment";
  for (let count = 1; ; count++) {
    const name = count === 1 ? stem : `${stem}${count}`;
    if (!taken.includes(name)) return name;
  }
}

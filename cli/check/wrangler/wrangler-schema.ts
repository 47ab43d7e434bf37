// The names that the installed wrangler knows, from the JSON Schema that it brings.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Table, tableOf, tablesOf, textOf } from "./wrangler-file.ts";

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

let schema: Schema | undefined;

function wranglerSchema(): Schema | undefined {
  if (schema !== undefined) return schema;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("wrangler/package.json"));
    schema = JSON.parse(readFileSync(join(folder, "config-schema.json"), "utf8")) as Schema;
  } catch {
    return undefined; // another version of wrangler: its own warnings remain
  }
  return schema;
}

function resolved(one: Schema | undefined): Schema | undefined {
  const name = one?.$ref?.replace("#/definitions/", "");
  return name === undefined ? one : wranglerSchema()?.definitions?.[name];
}

/** @returns the settings of the top level, which has those of environments, too; undefined where wrangler brings no schema */
export function knownSettings(): readonly string[] | undefined {
  const properties = resolved({ $ref: "#/definitions/RawConfig" })?.properties;
  return properties && Object.keys(properties);
}

export interface UnknownField {
  readonly section: string; // the list, such as `services`
  readonly name: string;
  readonly binding: string; // name of the binding that has the field, or ""
  readonly known: readonly string[];
}

/** Fields of the lists of bindings that wrangler does not know. */
export function unknownFields(level: Table): UnknownField[] {
  const properties = resolved({ $ref: "#/definitions/RawConfig" })?.properties ?? {};
  const lists: [string, unknown, Schema | undefined][] = Object.entries(level).map(([section, value]) => [
    section,
    value,
    properties[section],
  ]);
  const objects = resolved(properties["durable_objects"])?.properties?.["bindings"];
  lists.push(["durable_objects.bindings", tableOf(level["durable_objects"])["bindings"], objects]);
  return lists.flatMap(([section, value, one]) => {
    const item = resolved(resolved(one)?.items);
    const fields = item?.properties;
    if (fields === undefined || item?.additionalProperties !== false) return [];
    const known = Object.keys(fields);
    return tablesOf(value).flatMap((table) => {
      const binding = textOf(table["binding"]) || textOf(table["name"]);
      return Object.keys(table)
        .filter((name) => !known.includes(name))
        .map((name) => ({ section, name, binding, known }));
    });
  });
}

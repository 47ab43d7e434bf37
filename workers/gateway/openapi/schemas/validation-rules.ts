// Translates protovalidate rules to JSON Schema keywords. Rules without a keyword (CEL, predefined rules) are not in the document.
import {
  type DescExtension,
  type DescField,
  type DescFile,
  getOption,
  hasOption,
  type JsonObject,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import type { Schema } from "./values.ts";

export interface ValidationRules {
  readonly isRequired: boolean;
  readonly schema: Schema;
}

const FORMATS: Readonly<Record<string, string>> = {
  email: "email",
  hostname: "hostname",
  ipv4: "ipv4",
  ipv6: "ipv6",
  uri: "uri",
  uriRef: "uri-reference",
  uuid: "uuid",
};

export function validationRulesOf(field: DescField): ValidationRules {
  const option = optionIn(field.parent.file);
  if (option?.message === undefined || !hasOption(field, option)) return { isRequired: false, schema: {} };
  const rules = toJson(option.message, getOption(field, option) as Message) as JsonObject; // contains only rules that are set
  return { isRequired: rules["required"] === true, schema: schemaOf(rules) };
}

const options = new WeakMap<DescFile, DescExtension | undefined>();

/**
 * The option `buf.validate.field` if the file imports it, directly or not. It is read from the descriptors, so that the gateway bundles no
 * protovalidate code (60 KB) for services that do not use it.
 */
function optionIn(file: DescFile, seen = new Set<DescFile>()): DescExtension | undefined {
  if (options.has(file)) return options.get(file);
  seen.add(file);
  let option = file.extensions.find(({ typeName }) => typeName === "buf.validate.field");
  for (const imported of file.dependencies) if (option === undefined && !seen.has(imported)) option = optionIn(imported, seen);
  options.set(file, option);
  return option;
}

function schemaOf(rules: JsonObject): Schema {
  for (const [kind, value] of Object.entries(rules)) {
    const rule = value as JsonObject;
    if (kind === "string") return ofString(rule);
    if (kind === "repeated") return ofList(rule);
    if (kind === "map") return { minProperties: count(rule["minPairs"]), maxProperties: count(rule["maxPairs"]) };
    if (/^(?:u?int|s?fixed|sint|sfixed)64$/.test(kind)) return ofNumber(rule, "x-");
    if (/^(?:u?int|s?fixed|sint|sfixed)32$|^float$|^double$/.test(kind)) return ofNumber(rule, "");
  }
  return {};
}

function ofString(rule: JsonObject): Schema {
  const format = Object.keys(FORMATS).find((name) => rule[name] === true);
  const prefix = rule["prefix"] === undefined ? undefined : `^${literally(String(rule["prefix"]))}`;
  return {
    minLength: count(rule["len"] ?? rule["minLen"]),
    maxLength: count(rule["len"] ?? rule["maxLen"]),
    pattern: rule["pattern"] ?? prefix,
    format: format && FORMATS[format],
    const: rule["const"],
    enum: rule["in"],
    examples: rule["example"],
  };
}

/** @param prefix `x-` for 64-bit integers: they are strings in JSON, which `minimum` and the like do not apply to */
function ofNumber(rule: JsonObject, prefix: "" | "x-"): Schema {
  return {
    [`${prefix}minimum`]: rule["gte"],
    [`${prefix}exclusiveMinimum`]: rule["gt"],
    [`${prefix}maximum`]: rule["lte"],
    [`${prefix}exclusiveMaximum`]: rule["lt"],
    const: rule["const"],
    enum: rule["in"],
    examples: rule["example"],
  };
}

function ofList(rule: JsonObject): Schema {
  const items = rule["items"] === undefined ? {} : schemaOf(rule["items"] as JsonObject);
  return { minItems: count(rule["minItems"]), maxItems: count(rule["maxItems"]), uniqueItems: rule["unique"], "x-items": items };
}

/** Reads a count, which is a 64-bit integer and so a string in JSON. */
function count(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

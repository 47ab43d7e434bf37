// JSON Schemas of scalars and well-known types, in the form of proto3 JSON.
import { ScalarType } from "@bufbuild/protobuf";

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. Members that are undefined are left out of the document. */
export type Schema = { readonly [keyword: string]: unknown };

const INT32 = { type: "integer", format: "int32", minimum: -2_147_483_648, maximum: 2_147_483_647 };
const UINT32 = { type: "integer", format: "uint32", minimum: 0, maximum: 4_294_967_295 };
const INT64 = { type: "string", format: "int64", pattern: `^(?:0|-?${positiveUpTo("9223372036854775807")}|-9223372036854775808)$` };
const UINT64 = { type: "string", format: "uint64", pattern: `^(?:0|${positiveUpTo("18446744073709551615")})$` };
const BYTES = { type: "string", format: "byte", contentEncoding: "base64" };
const NOT_FINITE = { type: "string", enum: ["NaN", "Infinity", "-Infinity"] };
const LARGEST_FLOAT = 3.4028234663852886e38;

/** A pattern for whole numbers from 1 to `largest`, without leading zeros. @param largest in decimal */
export function positiveUpTo(largest: string): string {
  const shorter = largest.length > 1 ? [`[1-9][0-9]{0,${largest.length - 2}}`] : [];
  const sameLength = [...largest].flatMap((digit, at) => {
    const least = at === 0 ? 1 : 0;
    const below = Number(digit) - 1;
    if (below < least) return [];
    const rest = largest.length - at - 1;
    const smaller = below === least ? String(below) : `[${least}-${below}]`;
    return [`${largest.slice(0, at)}${smaller}${rest === 0 ? "" : rest === 1 ? "[0-9]" : `[0-9]{${rest}}`}`];
  });
  return `(?:${[...shorter, ...sameLength, largest].join("|")})`;
}

/** @see https://protobuf.dev/programming-guides/json */
export function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return BYTES;
    case ScalarType.DOUBLE:
      return { anyOf: [{ type: "number", format: "double" }, NOT_FINITE] };
    case ScalarType.FLOAT:
      return { anyOf: [{ type: "number", format: "float", minimum: -LARGEST_FLOAT, maximum: LARGEST_FLOAT }, NOT_FINITE] };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
  }
}

const KEY_PATTERNS: Partial<Record<ScalarType, string>> = {
  ...Object.fromEntries([ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64].map((key) => [key, INT64.pattern])),
  ...Object.fromEntries([ScalarType.UINT64, ScalarType.FIXED64].map((key) => [key, UINT64.pattern])),
  ...Object.fromEntries(
    [ScalarType.INT32, ScalarType.SINT32, ScalarType.SFIXED32].map((key) => [key, `^(?:0|-?${positiveUpTo("2147483647")}|-2147483648)$`]),
  ),
  ...Object.fromEntries([ScalarType.UINT32, ScalarType.FIXED32].map((key) => [key, `^(?:0|${positiveUpTo("4294967295")})$`])),
};

/** The schema of the keys of a map, which are strings in JSON. @returns undefined if any string is a key */
export function keySchema(key: ScalarType): Schema | undefined {
  if (key === ScalarType.STRING) return undefined;
  if (key === ScalarType.BOOL) return { enum: ["true", "false"] };
  return { pattern: KEY_PATTERNS[key] ?? "^-?[0-9]+$" };
}

/** The schema, or `null`, which means in ProtoJSON that the field is not set. */
export function nullable(schema: Schema): Schema {
  if (schema["$ref"] !== undefined) return { anyOf: [schema, { type: "null" }] };
  return schema["anyOf"] === undefined
    ? { ...schema, type: [schema["type"], "null"] }
    : { anyOf: [...(schema["anyOf"] as Schema[]), { type: "null" }] };
}

/** Message types whose JSON is not an object with their fields. */
export const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time", examples: ["2026-01-31T12:00:00Z"] },
  "google.protobuf.Duration": {
    type: "string",
    pattern: `^-?(?:0|${positiveUpTo("315575999999")})(?:\\.[0-9]{1,9})?s$`,
    description: "Seconds with up to nine decimal places, followed by `s`.",
    examples: ["1.5s"],
  },
  "google.protobuf.FieldMask": {
    type: "string",
    pattern: "^(?:[a-z][A-Za-z0-9]*(?:\\.[a-z][A-Za-z0-9]*)*(?:,[a-z][A-Za-z0-9]*(?:\\.[a-z][A-Za-z0-9]*)*)*)?$",
    description: "Field paths in lowerCamelCase, separated by commas.",
    examples: [""],
  },
  "google.protobuf.Struct": { type: "object", additionalProperties: true, description: "Any JSON object." },
  "google.protobuf.Value": { description: "Any JSON value." },
  "google.protobuf.ListValue": { type: "array", items: {}, description: "Any JSON array." },
  "google.protobuf.Any": {
    type: "object",
    properties: {
      "@type": { type: "string", description: "Type URL of the message, such as `type.googleapis.com/users.v1.User`." },
    },
    required: ["@type"],
    additionalProperties: true,
    description: "A message of any type: its fields, or `value` if its type has a special JSON form.",
  },
  "google.protobuf.Empty": { type: "object", additionalProperties: false, description: "Always `{}`." },
  "google.protobuf.DoubleValue": nullable(scalarSchema(ScalarType.DOUBLE)),
  "google.protobuf.FloatValue": nullable(scalarSchema(ScalarType.FLOAT)),
  "google.protobuf.Int64Value": nullable(INT64),
  "google.protobuf.UInt64Value": nullable(UINT64),
  "google.protobuf.Int32Value": nullable(INT32),
  "google.protobuf.UInt32Value": nullable(UINT32),
  "google.protobuf.BoolValue": nullable(scalarSchema(ScalarType.BOOL)),
  "google.protobuf.StringValue": nullable(scalarSchema(ScalarType.STRING)),
  "google.protobuf.BytesValue": nullable(BYTES),
};

// Makes an example value for a schema: the document shows it, and the docs page fills its form with it.
import type { Schema } from "./values.ts";

/** A request example has no read-only fields, and a response example no write-only ones. */
export type Direction = "request" | "response";

const FORMATS: Readonly<Record<string, unknown>> = {
  "date-time": "2026-01-31T12:00:00Z",
  email: "ada@example.com",
  uuid: "0190d8a4-5d9c-7c1e-8f3a-2b6c4d8e0f12",
  uri: "https://example.com/",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  int64: "1",
  uint64: "1",
  byte: "aGVsbG8=",
};

export function exampleFor(
  schema: Schema,
  components: ReadonlyMap<string, Schema>,
  direction: Direction,
  name = "",
  within: readonly string[] = [],
): unknown {
  const again = (inner: unknown, innerName = name, deeper = within): unknown =>
    exampleFor(inner as Schema, components, direction, innerName, deeper);

  const [given] = (schema["examples"] as unknown[] | undefined) ?? [];
  if (given !== undefined) return given;
  if (schema["const"] !== undefined) return schema["const"];
  if (typeof schema["$ref"] === "string") {
    const target = schema["$ref"].slice("#/components/schemas/".length);
    return within.includes(target) ? undefined : again(components.get(target), name, [...within, target]);
  }
  if (Array.isArray(schema["enum"])) return enumExample(schema["enum"] as string[]);
  if (Array.isArray(schema["anyOf"])) return again((schema["anyOf"] as Schema[])[0]);

  switch ([schema["type"]].flat()[0]) {
    case "object":
      return objectExample(schema, direction, again);
    case "array": {
      const item = again(schema["items"]);
      return item === undefined ? [] : [item];
    }
    case "integer":
    case "number":
      return Math.max(1, Number(schema["minimum"] ?? 1));
    case "boolean":
      return true;
    case "string":
      return FORMATS[String(schema["format"])] ?? textExample(schema, name);
    case "null":
      return null;
    default:
      return {};
  }
}

function objectExample(schema: Schema, direction: Direction, again: (inner: unknown, name: string) => unknown): unknown {
  const object: Record<string, unknown> = {};
  const chosen = new Set<unknown>(); // oneofs of which the example has a member
  const hidden = direction === "request" ? "readOnly" : "writeOnly";
  for (const [key, field] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) {
    const oneof = field["x-oneof"];
    if (field[hidden] === true || field["deprecated"] === true || (oneof !== undefined && chosen.has(oneof))) continue;
    const value = again(field, key);
    if (value === undefined || value === "") continue;
    object[key] = value;
    if (oneof !== undefined) chosen.add(oneof);
  }
  return object;
}

/** The first value that is not `_UNSPECIFIED`, by convention the value 0. */
function enumExample(values: readonly string[]): string | undefined {
  return values.find((value) => !value.endsWith("_UNSPECIFIED")) ?? values[0];
}

function textExample({ minLength, maxLength }: Schema, name: string): string {
  if (/e-?mail/i.test(name)) return "ada@example.com";
  if (/ur[li]$/i.test(name)) return "https://example.com/";
  if (/^(?:page|next_?page)_?token$|^request_?id$/i.test(name)) return ""; // an empty text is left out of objects
  if (/^(?:display_?)?name$/i.test(name)) return "Ada";
  const text = name || "text";
  return text.padEnd(Number(minLength ?? 0), "x").slice(0, Number(maxLength ?? text.length + Number(minLength ?? 0)));
}

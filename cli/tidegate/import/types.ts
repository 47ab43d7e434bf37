// JSON Schemas of a document as types of a proto. The JSON of a message is that of the schema: what ProtoJSON would write in another form
// (names of enums, oneofs) becomes a type with the same JSON, and a comment.
import { isObject, type Json, listAt, type OpenapiDocument, type OpenapiObject, objectAt, textAt } from "./document.ts";
import { jsonNameOf, Names, pascalCase, snakeCase } from "./identifiers.ts";
import type { ProtoField, ProtoMessage } from "./proto.ts";

export interface Mapped {
  readonly type: string; // without `repeated` and `optional`
  readonly kind: "scalar" | "message" | "list" | "map";
  readonly comments: readonly string[];
  readonly isNullable?: boolean;
}

const ANY: Mapped = { type: "google.protobuf.Value", kind: "message", comments: [] };
const MAX_INT32 = 2_147_483_647;
const MAX_DEPTH = 32; // levels of schemas within one another
/** Keywords without a counterpart in a proto; a comment names them. */
const BOUNDS = [
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "default",
  "const",
];
const UNMAPPED = [
  "not",
  "if",
  "patternProperties",
  "propertyNames",
  "discriminator",
  "dependentSchemas",
  "unevaluatedProperties",
  "prefixItems",
  "xml",
];

export class Types {
  readonly messages: ProtoMessage[] = [];
  readonly #document: OpenapiDocument;
  readonly #names: Names;
  readonly #byReference = new Map<OpenapiObject, string>();
  readonly #note: (where: string, what: string) => void;

  /** @param note receives what does not map */
  constructor(document: OpenapiDocument, names: Names, note: (where: string, what: string) => void) {
    this.#document = document;
    this.#names = names;
    this.#note = note;
  }

  /** @param name of the message that an object without a name of its own becomes */
  map(schema: Json | undefined, name: string, where: string, depth = 0): Mapped {
    if (schema === undefined || schema === true || (isObject(schema) && Object.keys(schema).length === 0)) return ANY;
    const target = this.#document.resolve(schema);
    if (target === undefined)
      return this.#unmapped(where, `a schema that is not in this document (${textAt(schema, "$ref") || String(schema)})`, ANY);
    if (depth > MAX_DEPTH) return this.#unmapped(where, `schemas more than ${MAX_DEPTH} levels within one another`, ANY);
    const { value } = target;
    const comments = this.#commentsOf(value, where);
    const mapped = this.#mapResolved(value, target.name ?? name, where, depth, target.name !== undefined);
    return { ...mapped, comments: [...comments, ...mapped.comments] };
  }

  #mapResolved(schema: OpenapiObject, name: string, where: string, depth: number, isNamed: boolean): Mapped {
    const alternatives = [...listAt(schema, "oneOf"), ...listAt(schema, "anyOf")];
    if (alternatives.length > 0) return this.#mapAlternatives(schema, alternatives, name, where, depth);
    const types = typesOf(schema);
    const isNullable = types.includes("null") || schema["nullable"] === true;
    const [type, ...others] = types.filter((one) => one !== "null");
    if (others.length > 0) return this.#unmapped(where, `a value of several types (${types.join(", ")})`, ANY);
    const nullable = isNullable ? { isNullable } : {};
    if (schema["allOf"] !== undefined || schema["properties"] !== undefined || type === "object")
      return { ...this.#mapObject(schema, name, where, depth, isNamed), ...nullable };
    if (type === "array") return { ...this.#mapArray(schema, name, where, depth), ...nullable };
    const scalar = type === undefined && schema["enum"] === undefined ? undefined : scalarOf(type ?? "string", schema);
    return scalar === undefined ? ANY : { ...scalar, ...nullable };
  }

  /** One alternative beside null is that one; others are any JSON, since a oneof has another form in JSON. */
  #mapAlternatives(schema: OpenapiObject, alternatives: readonly Json[], name: string, where: string, depth: number): Mapped {
    const resolved = alternatives.map((one) => this.#document.resolve(one));
    const isNull = (one: Json | undefined): boolean => isObject(one) && typesOf(one).length === 1 && typesOf(one)[0] === "null";
    const others = alternatives.filter((_, index) => !isNull(resolved[index]?.value));
    if (others.length === 1) {
      const isNullable = others.length < alternatives.length;
      return { ...this.map(others[0], name, where, depth + 1), ...(isNullable && { isNullable }) };
    }
    const scalars = others.map((one) => this.#document.resolve(one)?.value).map((one) => (one === undefined ? "" : typesOf(one).join()));
    if (scalars.every((type) => type === "string")) return { type: "string", kind: "scalar", comments: [] };
    const names = resolved.map((one, index) => one?.name ?? typesOf(one?.value ?? {})[0] ?? `alternative ${index + 1}`);
    const word = schema["oneOf"] === undefined ? "anyOf" : "oneOf";
    return this.#unmapped(where, `${word} of ${names.join(", ")}: any JSON, since a oneof has another form in JSON`, ANY);
  }

  #mapArray(schema: OpenapiObject, name: string, where: string, depth: number): Mapped {
    const item = this.map(schema["items"], singular(name), `${where}[]`, depth + 1);
    if (item.kind === "list" || item.kind === "map")
      return this.#unmapped(where, "a list of lists or of maps: any JSON", {
        type: "google.protobuf.ListValue",
        kind: "message",
        comments: [],
      });
    return { type: item.type, kind: "list", comments: item.comments };
  }

  #mapObject(schema: OpenapiObject, name: string, where: string, depth: number, isNamed: boolean): Mapped {
    const properties = this.#propertiesOf(schema, where, depth);
    if (properties.size === 0) {
      const values = schema["additionalProperties"];
      if (!isObject(values) || Object.keys(values).length === 0) return { type: "google.protobuf.Struct", kind: "message", comments: [] };
      const value = this.map(values, `${name}Value`, `${where}.*`, depth + 1);
      if (value.kind === "scalar" || value.kind === "message")
        return { type: `map<string, ${value.type}>`, kind: "map", comments: value.comments };
      return this.#unmapped(where, "a map of lists or of maps: any JSON", {
        type: "google.protobuf.Struct",
        kind: "message",
        comments: [],
      });
    }
    const known = this.#byReference.get(schema);
    if (known !== undefined) return { type: known, kind: "message", comments: [] };
    const message = this.#names.add(pascalCase(name));
    this.#byReference.set(schema, message); // before its fields: a schema may have itself inside
    const position = this.messages.push({ name: message, fields: [], comments: [] }) - 1;
    const required = new Set(
      [schema, ...listAt(schema, "allOf")].flatMap((part) => listAt(this.#document.resolve(part)?.value, "required")),
    );
    const fields = this.fields(
      [...properties].map(([property, value]) => ({ property, value, isRequired: required.has(property) })),
      message,
      isNamed ? message : where,
      depth,
    );
    const open = schema["additionalProperties"];
    const about = open === true || isObject(open) ? [this.#said(where, "further properties (additionalProperties) are refused")] : [];
    this.messages[position] = {
      name: message,
      fields,
      comments: [textAt(schema, "description") || textAt(schema, "title"), ...about].filter(Boolean),
    };
    return { type: message, kind: "message", comments: [] };
  }

  fields(
    properties: readonly { readonly property: string; readonly value: Json; readonly isRequired: boolean }[],
    owner: string,
    where: string,
    depth = 0,
  ): ProtoField[] {
    const names = new Names();
    return properties.map(({ property, value, isRequired }) => {
      const mapped = this.map(value, `${owner}${pascalCase(property)}`, `${where}.${property}`, depth + 1);
      const name = names.add(snakeCase(property));
      const schema = this.#document.resolve(value)?.value;
      const label =
        mapped.kind === "list" ? "repeated " : mapped.kind === "scalar" && (!isRequired || mapped.isNullable) ? "optional " : "";
      const jsonName = jsonNameOf(name) === property ? undefined : property;
      const about = [textAt(schema, "description"), ...mapped.comments.filter((comment) => comment !== textAt(schema, "description"))];
      const comments = mapped.kind === "message" && /^[A-Z]/.test(mapped.type) ? about.slice(1) : about;
      return {
        name,
        type: `${label}${mapped.type}`,
        jsonName,
        isDeprecated: schema?.["deprecated"] === true,
        comments: comments.filter(Boolean),
      };
    });
  }

  /** Those of the schema and of each part of `allOf`; a later one replaces an earlier one. */
  #propertiesOf(schema: OpenapiObject, where: string, depth: number): Map<string, Json> {
    const all = new Map<string, Json>();
    if (depth > MAX_DEPTH) return all;
    for (const part of listAt(schema, "allOf")) {
      const target = this.#document.resolve(part);
      if (target === undefined) this.#note(where, `a part of allOf that is not in this document (${textAt(part, "$ref")})`);
      if (target !== undefined && (target.value["oneOf"] ?? target.value["anyOf"]) !== undefined)
        this.#note(where, "a oneOf or anyOf inside allOf");
      for (const [name, value] of target === undefined ? [] : this.#propertiesOf(target.value, where, depth + 1)) all.set(name, value);
    }
    for (const [name, value] of Object.entries(objectAt(schema, "properties"))) all.set(name, value);
    return all;
  }

  #commentsOf(schema: OpenapiObject, where: string): string[] {
    const bounds = BOUNDS.filter((name) => schema[name] !== undefined).map((name) => `${name} ${JSON.stringify(schema[name])}`);
    const values = listAt(schema, "enum")
      .filter((value) => value !== null)
      .map((value) => JSON.stringify(value));
    const unmapped = UNMAPPED.filter((name) => schema[name] !== undefined).map((name) => this.#said(where, `${name} is not in the proto`));
    return [
      ...(values.length === 0 ? [] : [`One of ${values.slice(0, 50).join(", ")}${values.length > 50 ? ", ..." : ""}.`]),
      ...(bounds.length === 0 ? [] : [`Bounds of the document: ${bounds.join(", ")}.`]),
      ...(schema["readOnly"] === true ? ["Read only."] : schema["writeOnly"] === true ? ["Write only."] : []),
      ...unmapped,
    ];
  }

  #unmapped(where: string, what: string, mapped: Mapped): Mapped {
    return { ...mapped, comments: [this.#said(where, what)] };
  }

  #said(where: string, what: string): string {
    this.#note(where, what);
    return `Not mapped: ${what}.`;
  }
}

function typesOf(schema: OpenapiObject): string[] {
  const type = schema["type"];
  if (Array.isArray(type)) return type.filter((one): one is string => typeof one === "string");
  return typeof type === "string" ? [type] : [];
}

function scalarOf(type: string, schema: OpenapiObject): Mapped | undefined {
  const scalar = (name: string, ...comments: string[]): Mapped => ({ type: name, kind: "scalar", comments });
  const format = textAt(schema, "format");
  if (type === "boolean") return scalar("bool");
  if (type === "number") return scalar(format === "float" ? "float" : "double");
  if (type === "integer") {
    const max = schema["maximum"];
    if (format === "int32" || (typeof max === "number" && max <= MAX_INT32)) return scalar("int32");
    return scalar("int64", "A string in JSON, as ProtoJSON writes 64 bits; a number is taken, too.");
  }
  if (type !== "string") return undefined;
  if (format === "date-time") return { type: "google.protobuf.Timestamp", kind: "message", comments: [] };
  return format === "byte" ? scalar("bytes") : scalar("string", ...(format === "" ? [] : [`Format ${format}.`]));
}

function singular(name: string): string {
  return /[^s]s$/.test(name) ? name.slice(0, -1) : `${name}Item`;
}

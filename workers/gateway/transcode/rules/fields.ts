// Resolves field paths such as `user.id` to descriptors, once per rule and not per request.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";

export type MessageField = DescField & { readonly fieldKind: "message" };

export interface FieldPath {
  readonly text: string; // the path in proto names
  readonly parents: readonly MessageField[]; // the outermost first
  readonly field: DescField;
}

export type ResolvedPath =
  | { readonly kind: "found"; readonly path: FieldPath }
  | { readonly kind: "unknown"; readonly problem: string } // no such field
  | { readonly kind: "illegal"; readonly problem: string }; // an inner part of the path is not a single message

const MAX_DEPTH = 100; // the depth to which protobuf messages may nest

const byName = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field of a message by its proto name or its JSON name. */
export function fieldNamed(message: DescMessage, name: string): DescField | undefined {
  let fields = byName.get(message);
  if (fields === undefined) {
    const json = message.fields.map((field) => [field.jsonName, field] as const);
    const proto = message.fields.map((field) => [field.name, field] as const);
    fields = new Map([...json, ...proto]); // if the JSON name of one field is the proto name of another, the proto name has precedence
    byName.set(message, fields);
  }
  return fields.get(name);
}

/** Resolves a path that starts at a message. All fields but the last one have to be single messages. */
export function resolveField(message: DescMessage, path: string): ResolvedPath {
  const parents: MessageField[] = [];
  let text = "";
  let inside = message;
  for (let at = 0; ; ) {
    const dot = path.indexOf(".", at);
    const name = path.slice(at, dot < 0 ? path.length : dot);
    const field = fieldNamed(inside, name);
    if (field === undefined) return { kind: "unknown", problem: `${inside.typeName} has no field "${name.slice(0, 100)}"` };
    text = text === "" ? field.name : `${text}.${field.name}`;
    if (dot < 0) return { kind: "found", path: { text, parents, field } };
    if (parents.length === MAX_DEPTH) return { kind: "illegal", problem: `the path is deeper than ${MAX_DEPTH} messages` };
    if (field.fieldKind !== "message") return { kind: "illegal", problem: `"${text}" is ${kindOf(field)}, so its fields cannot be named` };
    parents.push(field);
    inside = field.message;
    at = dot + 1;
  }
}

/** The kind of a field, for messages. */
export function kindOf(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return "a repeated field";
    case "map":
      return "a map";
    case "message":
      return `a message ${field.message.typeName}`;
    case "enum":
      return `an enum ${field.enum.typeName}`;
    case "scalar":
      return "a scalar";
  }
}

/** Changes the message that has the last field of a path; missing messages on the path are created. */
export function changeAt(target: ReflectMessage, path: FieldPath, change: (holder: ReflectMessage) => void, depth = 0): void {
  const parent = path.parents[depth];
  if (parent === undefined) {
    change(target);
    return;
  }
  const inside = target.get(parent);
  changeAt(inside, path, change, depth + 1);
  target.set(parent, inside); // reflection returns some messages as converted copies, so they have to be set again
}

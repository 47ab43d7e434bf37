// Field paths such as `user.id`: resolved to descriptors, so that a request needs no names.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";

export type MessageField = DescField & { readonly fieldKind: "message" };

export interface FieldPath {
  readonly text: string; // in proto names
  readonly parents: readonly MessageField[]; // from the outside inwards
  readonly field: DescField;
}

export type ResolvedPath =
  | { readonly kind: "found"; readonly path: FieldPath }
  | { readonly kind: "unknown"; readonly problem: string } // no such field
  | { readonly kind: "illegal"; readonly problem: string }; // goes through what has no fields, or many

const MAX_DEPTH = 100; // as deep as proto messages may nest

const byName = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field of a message by its proto name or its JSON name. */
export function fieldNamed(message: DescMessage, name: string): DescField | undefined {
  let fields = byName.get(message);
  if (fields === undefined) {
    const json = message.fields.map((field) => [field.jsonName, field] as const);
    const proto = message.fields.map((field) => [field.name, field] as const);
    fields = new Map([...json, ...proto]); // where one field's JSON name is another's proto name, the proto name holds
    byName.set(message, fields);
  }
  return fields.get(name);
}

/** Walks a path from a message inwards. Only the last field may be anything but a single message. */
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
    if (parents.length === MAX_DEPTH) return { kind: "illegal", problem: `more than ${MAX_DEPTH} messages within one another` };
    if (field.fieldKind !== "message") return { kind: "illegal", problem: `"${text}" is ${kindOf(field)}: nothing in it can be named` };
    parents.push(field);
    inside = field.message;
    at = dot + 1;
  }
}

/** What a field is, in the words of a message to its reader. */
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

/** Changes what holds the last field of a path; the messages on the way to it come into being. */
export function changeAt(target: ReflectMessage, path: FieldPath, change: (holder: ReflectMessage) => void, depth = 0): void {
  const parent = path.parents[depth];
  if (parent === undefined) {
    change(target);
    return;
  }
  const inside = target.get(parent);
  changeAt(inside, path, change, depth + 1);
  target.set(parent, inside); // some messages are kept in another form than they are changed in: set them back
}

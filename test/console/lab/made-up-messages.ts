// Messages in which every field has a value: of any type, made from its descriptor, so that no field of no view is left out.
import { create, type DescField, type DescMessage, fromJson, type Message, type MessageInitShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { TimestampSchema, timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";

const DEEPEST = 6; // messages within messages
const EACH = 3; // entries of a list

/** @param path of the field, as in `Summary.routes.route`, with the index of its entry @returns the text of a string field */
export type TextOf = (path: string) => string;

/** Texts that the console reads as something else than text. */
const FIXED: Readonly<Record<string, string>> = {
  "GetCallerResponse.role": "admin",
  // Each list has one page.
  next_page_token: "",
};

/** @param now epoch ms, of all times */
export function madeUp<Desc extends DescMessage>(desc: Desc, text: TextOf, now: number): MessageInitShape<Desc> & Message {
  return messageOf(desc, text, now, desc.name, 0) as MessageInitShape<Desc> & Message;
}

function messageOf(desc: DescMessage, text: TextOf, now: number, path: string, depth: number): Message {
  if (desc.typeName === TimestampSchema.typeName) return timestampFromMs(now);
  if (desc.typeName === ValueSchema.typeName) return fromJson(ValueSchema, { [text(`${path}.name`)]: [text(path)] });
  const message = create(desc);
  const fields = reflect(desc, message);
  for (const field of desc.fields) if (depth < DEEPEST) setField(fields, field, text, now, `${path}.${field.name}`, depth);
  return message;
}

function setField(fields: ReflectMessage, field: DescField, text: TextOf, now: number, path: string, depth: number): void {
  const one = (at: string) => {
    if (field.message !== undefined) return reflect(field.message, messageOf(field.message, text, now, at, depth + 1));
    if (field.enum !== undefined) return (field.enum.values.find(({ number }) => number > 0) ?? field.enum.values[0]!).number;
    return scalarOf(field.scalar!, field.name, text, at);
  };
  if (field.fieldKind === "list") {
    const list = fields.get(field);
    for (let index = 0; index < EACH; index += 1) list.add(one(`${path}[${index}]`));
  } else if (field.fieldKind === "map") fields.get(field).set(text(`${path}.key`), one(path));
  else fields.set(field, one(path));
}

function scalarOf(type: ScalarType, name: string, text: TextOf, path: string): unknown {
  switch (type) {
    case ScalarType.STRING:
      return FIXED[path] ?? FIXED[name] ?? text(path);
    case ScalarType.BYTES:
      return new TextEncoder().encode(text(path));
    case ScalarType.BOOL:
      return true;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 0.25;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 12n;
    default:
      return 4;
  }
}

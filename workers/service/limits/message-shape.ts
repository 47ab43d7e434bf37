// Compiles the shape of a message type, by which its bytes are scanned before they are decoded. Compiled once per type.
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { DENSE_FIELDS, type FieldEncoding, type FieldShape, type MessageShape } from "../../../core/elements/message-shape.ts";

interface OpenShape extends MessageShape {
  readonly fields: (FieldShape | undefined)[];
  readonly others: Map<number, FieldShape>;
}

const shapes = new WeakMap<DescMessage, MessageShape>();

export function messageShapeOf(message: DescMessage): MessageShape {
  const compiled = shapes.get(message);
  if (compiled !== undefined) return compiled;
  const shape: OpenShape = { fields: [], others: new Map() };
  shapes.set(message, shape); // before its fields: one of them may have this type
  for (let number = 0; number < DENSE_FIELDS; number++) shape.fields.push(undefined);
  for (const field of message.fields) setField(shape, field.number, fieldShape(field));
  return shape;
}

function setField({ fields, others }: OpenShape, number: number, field: FieldShape): void {
  if (number < DENSE_FIELDS) fields[number] = field;
  else others.set(number, field);
}

function fieldShape(field: DescField): FieldShape {
  if (field.fieldKind === "map") return { encoding: "map_entry", isPackable: false, message: entryShape(field) };
  const encoding = encodingOf(field);
  const isPackable = field.fieldKind === "list" && field.message === undefined && encoding !== "bytes";
  return { encoding, isPackable, message: field.message && messageShapeOf(field.message) };
}

function encodingOf(field: DescField): FieldEncoding {
  if (field.message === undefined) return scalarEncoding(field.scalar);
  return field.fieldKind !== "map" && field.delimitedEncoding ? "group" : "message";
}

/** The key is field 1 of an entry, the value field 2. */
function entryShape(field: DescField & { readonly fieldKind: "map" }): MessageShape {
  const shape: OpenShape = { fields: [], others: new Map() };
  for (let number = 0; number < DENSE_FIELDS; number++) shape.fields.push(undefined);
  setField(shape, 1, { encoding: scalarEncoding(field.mapKey), isPackable: false, message: undefined });
  setField(shape, 2, { encoding: encodingOf(field), isPackable: false, message: field.message && messageShapeOf(field.message) });
  return shape;
}

/** @param scalar undefined for an enum */
function scalarEncoding(scalar: ScalarType | undefined): FieldEncoding {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "bytes";
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return "fixed32";
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return "fixed64";
    default:
      return "varint";
  }
}

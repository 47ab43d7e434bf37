// Copies a message for a call within the isolate: caller and callee must not share what one of them may change.
//
// Ordinary messages are copied field by field. A value that only encoding can judge (a wrong type, a number out of range, a wrapper, a
// message near a limit) sends the whole message through its binary form, so that it is refused, or changed, as on the wire.
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { LIGHT_BYTES } from "../../../core/elements/excess.ts";

export interface CopyBounds {
  readonly maxBytes: number; // size of the binary form
  readonly maxElements: number; // elements, counted as by `checkMessage`
}

type Copy = (value: unknown) => unknown;
type Fields = Record<string, unknown>;
type CopyField = (from: Fields, to: Fields) => void;

/** Thrown where a message has to go through its binary form. It never leaves this file. */
const ODD = new Error("only encoding can judge this value");
const MAX_DEPTH = 50; // half of what the wire allows
const FIELD_BYTES = 20; // most bytes of a tag with a number or a length
const MAX_UTF8_BYTES = 3; // most bytes of a UTF-16 code unit

/** Upper bounds of what is copied now. Copying does not wait, so that no other copy comes between. */
let bytes = 0;
let elements = 0;
let depth = 0;

const compiled = new WeakMap<DescMessage, readonly CopyField[]>();

/**
 * @param check judges the binary form, where a message is near a limit or has a value that only encoding can judge; throws to refuse it
 * @returns a message that shares nothing with the given one
 * @throws what encoding throws, for a message that has no binary form
 */
export function copyMessage(type: DescMessage, message: Message, bounds: CopyBounds, check: (encoded: Uint8Array) => void): Message {
  bytes = 0;
  elements = 0;
  depth = 0;
  try {
    const copy = copyOf(type, message);
    if (bytes <= bounds.maxBytes && elements <= bounds.maxElements) return copy as unknown as Message;
  } catch (reason) {
    if (reason !== ODD) throw reason;
  }
  const encoded = toBinary(type, message);
  check(encoded);
  return fromBinary(type, encoded);
}

function copyOf(type: DescMessage, value: unknown): Fields {
  const from = value as Fields;
  if (from === null || typeof from !== "object" || from["$typeName"] !== type.typeName || depth > MAX_DEPTH) throw ODD;
  depth += 1;
  elements += LIGHT_BYTES;
  const to = create(type) as unknown as Fields;
  for (const copyField of fieldsOf(type)) copyField(from, to);
  const unknown = from["$unknown"] as { readonly data: Uint8Array }[] | undefined;
  if (unknown !== undefined && unknown.length > 0) to["$unknown"] = unknown.map(copyUnknown);
  depth -= 1;
  return to;
}

function copyUnknown(field: { readonly data: Uint8Array }): object {
  bytes += field.data.byteLength + FIELD_BYTES;
  elements += field.data.byteLength + 1;
  return { ...field, data: new Uint8Array(field.data) };
}

function fieldsOf(type: DescMessage): readonly CopyField[] {
  const known = compiled.get(type);
  if (known !== undefined) return known;
  const fields = type.members.map((member) => {
    if (member.kind === "oneof")
      return oneofCopy(member.localName, new Map(member.fields.map((field) => [field.localName, valueCopy(field)])));
    return fieldCopy(member);
  });
  compiled.set(type, fields);
  return fields;
}

function oneofCopy(name: string, cases: ReadonlyMap<string, Copy>): CopyField {
  return (from, to) => {
    const chosen = from[name] as { readonly case?: string; readonly value?: unknown } | undefined;
    if (chosen?.case === undefined) return;
    const copy = cases.get(chosen.case);
    if (copy === undefined) throw ODD;
    to[name] = { case: chosen.case, value: copy(chosen.value) };
  };
}

function fieldCopy(field: DescField): CopyField {
  const { localName: name, fieldKind } = field;
  const copy = valueCopy(field);
  if (fieldKind === "list")
    return (from, to) => {
      to[name] = listOf(from[name], copy);
    };
  if (fieldKind === "map") {
    if (field.mapKey !== ScalarType.STRING) return whereSet(name, odd);
    return (from, to) => {
      to[name] = mapOf(from[name], copy);
    };
  }
  return whereSet(name, copy);
}

/** A field without presence is always there, with its zero; one with presence may be missing. */
function whereSet(name: string, copy: Copy): CopyField {
  return (from, to) => {
    if (Object.hasOwn(from, name) && from[name] !== undefined) to[name] = copy(from[name]);
  };
}

function listOf(value: unknown, copy: Copy): unknown[] {
  if (!Array.isArray(value)) throw ODD;
  return value.map((item) => copy(item)); // not `map(copy)`, which would also pass the index
}

function mapOf(value: unknown, copy: Copy): Fields {
  if (value === null || typeof value !== "object") throw ODD;
  const map: Fields = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") throw ODD;
    elements += LIGHT_BYTES;
    map[text(key) as string] = copy(item);
  }
  return map;
}

/** The copy of one value of a field: of the item of a list, or of the value of a map. */
function valueCopy(field: DescField): Copy {
  const { message } = field;
  if (message !== undefined) {
    // As a field, these have other forms than their messages.
    if (/^google\.protobuf\.(\w+Value|Value|Struct|ListValue)$/.test(message.typeName)) return odd;
    return (value) => {
      bytes += FIELD_BYTES;
      return copyOf(message, value);
    };
  }
  const copy = field.enum === undefined ? scalarCopy(field) : enumCopy(field.enum);
  return (value) => {
    bytes += FIELD_BYTES;
    elements += 1;
    return copy(value);
  };
}

function enumCopy({ open, values }: DescEnum): Copy {
  if (open) return integer(-(2 ** 31), 2 ** 31 - 1);
  const numbers = new Set<unknown>(values.map(({ number }) => number));
  return (value) => (numbers.has(value) ? value : odd());
}

function scalarCopy(field: DescField): Copy {
  switch (field.scalar) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return binary;
    case ScalarType.BOOL:
      return (value) => (typeof value === "boolean" ? value : odd());
    case ScalarType.DOUBLE:
      return (value) => (typeof value === "number" ? value : odd());
    case ScalarType.FLOAT:
      return (value) => (typeof value === "number" && Math.fround(value) === value ? value : odd()); // others are rounded on the wire
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integer(-(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integer(0, 2 ** 32 - 1);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return long(BigInt.asIntN);
    default:
      return long(BigInt.asUintN);
  }
}

function integer(least: number, most: number): Copy {
  return (value) => (Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? value : odd());
}

/** A field with `jstype = JS_STRING` has a string. */
function long(within: (bits: number, value: bigint) => bigint): Copy {
  return (value) => (typeof value === "bigint" && within(64, value) === value ? value : odd());
}

function text(value: unknown): unknown {
  if (typeof value !== "string" || !value.isWellFormed()) throw ODD;
  bytes += MAX_UTF8_BYTES * value.length;
  return value;
}

function binary(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) throw ODD;
  bytes += value.byteLength;
  return new Uint8Array(value);
}

function odd(): never {
  throw ODD;
}

// One value as text: how path variables and query parameters are read, and written where a URL is made of a message.
import { create, type DescEnum, type DescField, type DescMessage, fromJson, ScalarType, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { readFloat, readInteger } from "../../../core/transcode/number.ts";

export interface TextForm {
  readonly what: string; // as it stands in messages: `an int32`
  /** @returns undefined where the text is no such value; else what reflection takes */
  read(text: string, options: TextOptions): unknown;
  /** @param value as reflection hands it out */
  write(value: unknown): string;
}

export interface TextOptions {
  readonly caseInsensitiveEnums?: boolean;
}

const INT32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const UINT32 = { min: 0n, max: 2n ** 32n - 1n };
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UINT64 = { min: 0n, max: 2n ** 64n - 1n };
const MAX_FLOAT32 = 3.4028234663852886e38;

/** Messages whose JSON is a string. The shapes are stricter than the parser behind them, and bound what it is given. */
const JSON_STRINGS: Readonly<Record<string, { readonly what: string; readonly shape: RegExp }>> = {
  "google.protobuf.Timestamp": { what: "a time such as 2026-01-31T12:00:00Z", shape: /^.{20,40}$/ },
  "google.protobuf.Duration": { what: "a duration such as 1.5s", shape: /^-?\d{1,12}(?:\.\d{1,9})?s$/ },
  "google.protobuf.FieldMask": { what: "field paths in lowerCamelCase such as user.displayName,user.email", shape: /^[A-Za-z0-9.,]*$/ },
};

const forms = new WeakMap<DescField, TextForm | "none">();

/** @returns undefined where values of the field cannot stand in a URL; of a repeated field, the form of one element */
export function textFormOf(field: DescField): TextForm | undefined {
  let form = forms.get(field);
  if (form === undefined) {
    form = compile(field) ?? "none";
    forms.set(field, form);
  }
  return form === "none" ? undefined : form;
}

function compile(field: DescField): TextForm | undefined {
  if (field.fieldKind === "map") return undefined;
  if (field.enum !== undefined) return enumForm(field.enum);
  if (field.message !== undefined) return isWrapperDesc(field.message) ? wrapperForm(field.message) : messageForm(field.message);
  return field.scalar === undefined ? undefined : scalarForm(field.scalar);
}

function scalarForm(scalar: ScalarType): TextForm {
  switch (scalar) {
    case ScalarType.STRING:
      return { what: "a string", read: (text) => text, write: String };
    case ScalarType.BOOL:
      return { what: "true or false", read: (text) => (text === "true" ? true : text === "false" ? false : undefined), write: String };
    case ScalarType.BYTES:
      return { what: "base64", read: readBase64, write: (value) => base64Encode(value as Uint8Array, "url") };
    case ScalarType.DOUBLE:
      return { what: "a double", read: (text) => readFloat(text, Number.MAX_VALUE), write: writeFloat };
    case ScalarType.FLOAT:
      return { what: "a float", read: (text) => readFloat(text, MAX_FLOAT32), write: writeFloat };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { what: "an int32", read: (text) => readSmall(text, INT32), write: String };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { what: "a uint32", read: (text) => readSmall(text, UINT32), write: String };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { what: "an int64", read: (text) => readInteger(text, INT64.min, INT64.max), write: String };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { what: "a uint64", read: (text) => readInteger(text, UINT64.min, UINT64.max), write: String };
  }
}

function readSmall(text: string, { min, max }: typeof INT32): number | undefined {
  const value = readInteger(text, min, max);
  return value === undefined ? undefined : Number(value);
}

function writeFloat(value: unknown): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function readBase64(text: string): Uint8Array | undefined {
  try {
    return base64Decode(text);
  } catch {
    return undefined;
  }
}

/** By name or by number; a number without a name is kept where the enum is open. */
function enumForm(desc: DescEnum): TextForm {
  const names = new Map(desc.values.map(({ name, number }) => [name, number]));
  const anyCase = new Map(desc.values.map(({ name, number }) => [name.toUpperCase(), number]));
  return {
    what: `a value of ${desc.typeName}`,
    read(text, { caseInsensitiveEnums }) {
      const named = names.get(text) ?? (caseInsensitiveEnums === true ? anyCase.get(text.toUpperCase()) : undefined);
      if (named !== undefined) return named;
      const number = readSmall(text, INT32);
      return number !== undefined && (desc.open || desc.value[number] !== undefined) ? number : undefined;
    },
    write: (value) => desc.value[value as number]?.name ?? String(value),
  };
}

function wrapperForm(desc: DescMessage): TextForm {
  const value = desc.fields[0]!;
  const { what, read, write } = compile(value)!;
  return {
    what,
    read(text, options) {
      const inner = read(text, options);
      return inner === undefined ? undefined : reflect(desc, create(desc, { value: inner } as Record<string, unknown>), false);
    },
    write: (wrapper) => write((wrapper as ReflectMessage).get(value)),
  };
}

function messageForm(desc: DescMessage): TextForm | undefined {
  const form = JSON_STRINGS[desc.typeName];
  return (
    form && {
      what: form.what,
      read(text) {
        if (!form.shape.test(text)) return undefined;
        try {
          return reflect(desc, fromJson(desc, text), false);
        } catch {
          return undefined;
        }
      },
      write: (value) => String(toJson(desc, (value as ReflectMessage).message)),
    }
  );
}

// Values in URLs: reads path variables and query parameters, and writes them where a URL is built from a message.
import { create, type DescField, type DescMessage, fromJson, ScalarType, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { enumForm, type ScalarOptions, scalarForm } from "./scalars.ts";
import { JSON_STRINGS } from "./well-known.ts";

export interface UrlValueForm {
  readonly what: string; // part of error messages, such as "an int32"
  /** @returns a value as protobuf-es reflection accepts it; undefined if the text is invalid */
  read(text: string, options: ScalarOptions): unknown;
  /** @param value as protobuf-es reflection returns it */
  write(value: unknown): string;
}

/**
 * Fields of well-known types with a smaller range than their scalar. In a URL they can be set one by one.
 *
 * @see google/protobuf/timestamp.proto, duration.proto and struct.proto
 */
const BOUNDS: Readonly<Record<string, { readonly what: string; readonly min: number; readonly max: number }>> = {
  "google.protobuf.Timestamp.seconds": { what: "seconds from year 1 to 9999", min: -62_135_596_800, max: 253_402_300_799 },
  "google.protobuf.Timestamp.nanos": { what: "nanoseconds from 0 to 999999999", min: 0, max: 999_999_999 },
  "google.protobuf.Duration.seconds": { what: "seconds within 10,000 years", min: -315_576_000_000, max: 315_576_000_000 },
  "google.protobuf.Duration.nanos": { what: "nanoseconds within a second", min: -999_999_999, max: 999_999_999 },
  "google.protobuf.Value.number_value": { what: "a finite number", min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
};

const forms = new WeakMap<DescField, UrlValueForm | "none">();

/** @returns undefined if values of the field cannot be in a URL; for a repeated field, the form of one element */
export function urlValueFormOf(field: DescField): UrlValueForm | undefined {
  let form = forms.get(field);
  if (form === undefined) {
    form = compile(field) ?? "none";
    forms.set(field, form);
  }
  return form === "none" ? undefined : form;
}

function compile(field: DescField): UrlValueForm | undefined {
  if (field.fieldKind === "map") return undefined;
  if (field.enum !== undefined) {
    const { enum: desc } = field;
    return { ...enumForm(desc), write: (value) => desc.value[value as number]?.name ?? String(value) };
  }
  if (field.message !== undefined) return isWrapperDesc(field.message) ? wrapperForm(field.message) : messageForm(field.message);
  if (field.scalar === undefined) return undefined;
  const form = { ...scalarForm(field.scalar), write: writerOf(field.scalar) };
  const bounds = BOUNDS[`${field.parent.typeName}.${field.name}`];
  return bounds === undefined ? form : boundedForm(form, bounds);
}

function writerOf(scalar: ScalarType): UrlValueForm["write"] {
  if (scalar === ScalarType.BYTES) return (value) => base64Encode(value as Uint8Array, "url");
  return (value) => (Object.is(value, -0) ? "-0" : String(value));
}

function boundedForm({ read, write }: UrlValueForm, { what, min, max }: (typeof BOUNDS)[string]): UrlValueForm {
  return {
    what,
    read(text, options) {
      const value = read(text, options) as number | bigint | undefined;
      return value !== undefined && value >= min && value <= max ? value : undefined; // NaN fails both
    },
    write,
  };
}

function wrapperForm(desc: DescMessage): UrlValueForm {
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

function messageForm(desc: DescMessage): UrlValueForm | undefined {
  const form = JSON_STRINGS[desc.typeName];
  return (
    form && {
      what: form.what,
      read(text) {
        return form.matches(text) ? reflect(desc, fromJson(desc, text), false) : undefined;
      },
      write: (value) => String(toJson(desc, (value as ReflectMessage).message)),
    }
  );
}

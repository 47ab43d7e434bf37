// Reads scalars and enums from paths, queries and JSON with the same code, so that all three accept the same values.
import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { readFloat, readFloat32, readInteger, roundToFloat32 } from "../../../../core/transcode/number.ts";
import { isBase64 } from "../../../../core/transcode/well-known-text.ts";

/** A number of a JSON text that may not fit a double. It stays text until its field is known. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface ScalarOptions {
  readonly caseInsensitiveEnums?: boolean;
  /** The text goes on to an upstream: what its parser may read in another way is refused, such as 64-bit integers that a double rounds. */
  readonly isForwarded?: boolean;
}

export interface ScalarForm {
  readonly what: string; // part of error messages, such as "an int32"
  /** Reads text of a path or query. @returns a value as protobuf-es reflection accepts it; undefined if the text is invalid */
  read(text: string, options: ScalarOptions): unknown;
  /** Reads a JSON value. @returns JSON that protobuf-es reads as this value; undefined if the value is invalid */
  fromJson(json: unknown, options: ScalarOptions): string | number | boolean | null | undefined;
}

const RANGES = {
  int32: { what: "an int32", min: -(2n ** 31n), max: 2n ** 31n - 1n },
  uint32: { what: "a uint32", min: 0n, max: 2n ** 32n - 1n },
  int64: { what: "an int64", min: -(2n ** 63n), max: 2n ** 63n - 1n },
  uint64: { what: "a uint64", min: 0n, max: 2n ** 64n - 1n },
} as const;

const STRING: ScalarForm = {
  what: "a string",
  read: (text) => text,
  fromJson: (json) => (typeof json === "string" && json.isWellFormed() ? json : undefined),
};
const BOOL: ScalarForm = {
  what: "true or false",
  read: (text) => (text === "true" ? true : text === "false" ? false : undefined),
  fromJson: (json) => (typeof json === "boolean" ? json : undefined),
};
const BYTES: ScalarForm = {
  what: "base64",
  read: (text) => (isBase64(text) ? base64Decode(text) : undefined),
  fromJson: (json) => (typeof json === "string" && isBase64(json) ? json : undefined),
};
const DOUBLE = floatForm(
  "a double",
  (text) => readFloat(text, Number.MAX_VALUE),
  (value) => value,
);
const FLOAT = floatForm("a float", readFloat32, roundToFloat32);
const INT32 = int32Form(RANGES.int32);
const UINT32 = int32Form(RANGES.uint32);
const INT64 = int64Form(RANGES.int64);
const UINT64 = int64Form(RANGES.uint64);

export function scalarForm(scalar: ScalarType): ScalarForm {
  switch (scalar) {
    case ScalarType.STRING:
      return STRING;
    case ScalarType.BOOL:
      return BOOL;
    case ScalarType.BYTES:
      return BYTES;
    case ScalarType.DOUBLE:
      return DOUBLE;
    case ScalarType.FLOAT:
      return FLOAT;
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

/** Reads an enum by name or by number. A number without a name is accepted if the enum is open. In JSON, a number in quotes is refused. */
export function enumForm(desc: DescEnum): ScalarForm {
  const names = new Map([
    ...desc.values.map(({ jsonName, number }) => [jsonName, number] as const),
    ...desc.values.map(({ name, number }) => [name, number] as const),
  ]);
  const anyCase = new Map([...names].map(([name, number]) => [name.toUpperCase(), number]));
  const isNull = desc.typeName === "google.protobuf.NullValue";
  const named = (text: string, { caseInsensitiveEnums }: ScalarOptions): number | undefined =>
    names.get(text) ?? (caseInsensitiveEnums === true ? anyCase.get(text.toUpperCase()) : undefined);
  const numbered = (number: number | undefined): number | undefined =>
    number !== undefined && (desc.open || desc.value[number] !== undefined) ? number : undefined;
  return {
    what: `a value of ${desc.typeName}`,
    read: (text, options) => named(text, options) ?? numbered(INT32.read(text, options) as number | undefined),
    fromJson(json, options) {
      if (typeof json === "string") return named(json, options);
      if (json === null && isNull) return null;
      return numbered(INT32.fromJson(json, options) as number | undefined);
    },
  };
}

/** @param round rounds a finite number to one of the type; undefined if it does not fit */
function floatForm(what: string, read: (text: string) => number | undefined, round: (value: number) => number | undefined): ScalarForm {
  return {
    what,
    read,
    fromJson(json) {
      if (typeof json === "number") return Number.isFinite(json) ? round(json) : undefined;
      const text = json instanceof NumberText ? json.text : json;
      const value = typeof text === "string" ? read(text) : undefined;
      return value === undefined || Number.isFinite(value) ? value : String(value);
    },
  };
}

function int32Form({ what, min, max }: (typeof RANGES)["int32" | "uint32"]): ScalarForm {
  const read = (text: string): number | undefined => {
    const value = readInteger(text, min, max);
    return value === undefined ? undefined : Number(value);
  };
  return {
    what,
    read,
    fromJson(json) {
      if (typeof json === "number") return Number.isInteger(json) && json >= Number(min) && json <= Number(max) ? json + 0 : undefined;
      const text = json instanceof NumberText ? json.text : json;
      return typeof text === "string" ? read(text) : undefined;
    },
  };
}

function int64Form({ what, min, max }: (typeof RANGES)["int64" | "uint64"]): ScalarForm {
  const read = (text: string): bigint | undefined => readInteger(text, min, max);
  return {
    what,
    read,
    fromJson(json, { isForwarded }) {
      if (typeof json === "number") return Number.isSafeInteger(json) && (json >= 0 || min < 0n) ? json + 0 : undefined;
      const text = json instanceof NumberText ? json.text : json;
      const value = typeof text === "string" ? read(text) : undefined;
      if (value === undefined) return undefined;
      if (isForwarded === true && json instanceof NumberText && BigInt(Number(text)) !== value) return undefined;
      return String(value);
    },
  };
}

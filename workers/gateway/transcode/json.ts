// A JSON body, read strictly: UTF-8 or nothing, no key twice, no depth without bound, no digit lost.
import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { Rejected } from "../../../core/rejection.ts";
import { surveyJson } from "../../../core/transcode/json-text.ts";
import { fieldNamed } from "./fields.ts";

const MAX_DEPTH = 100; // as deep as proto messages may nest
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const WIDE: readonly ScalarType[] = [ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64, ScalarType.FIXED64, ScalarType.SFIXED64];

/**
 * @param message what the JSON is to become; tells which numbers are integers of 64 bits
 * @param field   the one field that the JSON is the value of; undefined: it is the whole message
 * @throws Rejected
 */
export function parseJson(bytes: Uint8Array, message: DescMessage, field: DescField | undefined): JsonValue {
  const text = decodeUtf8(bytes);
  const survey = surveyJson(text, MAX_DEPTH);
  if (survey.kind === "invalid") throw refusal(survey.problem);
  if (!survey.hasLongNumber) return parse(text);
  const json = parse(text, keepDigits);
  return field === undefined ? settleMessage(json, message) : settleField(json, field);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refusal("is not UTF-8");
  }
}

function parse(text: string, reviver?: Reviver): JsonValue {
  try {
    return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as JsonValue;
  } catch (error) {
    throw refusal(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refusal(problem: string): Rejected {
  return new Rejected({ kind: "invalid_request", message: `body ${problem}` });
}

/** With the source of a value. @see https://github.com/tc39/proposal-json-parse-with-source */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Integers of up to 64 bits that a double does not hold become bigints, until it is known what they are for. */
const keepDigits: Reviver = (_key, value, { source = "" }) =>
  typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d{16,20}$/.test(source) ? BigInt(source) : value;

/** JSON in which bigints may stand. */
type WithBigints = unknown;

/** A bigint becomes text where it is for a field of 64 bits, and the nearest double everywhere else. */
function settleMessage(json: WithBigints, message: DescMessage): JsonValue {
  if (!isObject(json) || message.typeName.startsWith("google.protobuf.")) return settle(json);
  const settled = Object.entries(json).map(([key, value]) => {
    const field = fieldNamed(message, key);
    return [key, field === undefined ? settle(value) : settleField(value, field)] as const;
  });
  return Object.fromEntries(settled);
}

function settleField(json: WithBigints, field: DescField): JsonValue {
  if (field.fieldKind === "map" && isObject(json)) {
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, settleValue(value, field)]));
  }
  if (field.fieldKind === "list" && Array.isArray(json)) return json.map((value) => settleValue(value, field));
  return settleValue(json, field);
}

function settleValue(json: WithBigints, { scalar, message }: DescField): JsonValue {
  const kind = message !== undefined && isWrapperDesc(message) ? message.fields[0]!.scalar : scalar;
  if (typeof json === "bigint" && kind !== undefined && WIDE.includes(kind)) return String(json);
  return message === undefined ? settle(json) : settleMessage(json, message);
}

function settle(json: WithBigints): JsonValue {
  if (typeof json === "bigint") return Number(json);
  if (Array.isArray(json)) return json.map(settle);
  if (isObject(json)) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, settle(value)]));
  return json as JsonValue;
}

function isObject(json: WithBigints): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

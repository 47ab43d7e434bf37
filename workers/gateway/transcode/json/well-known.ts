// Checks JSON of well-known types: those whose JSON is a string, and google.protobuf.Value, Struct and ListValue.
import { isDuration, isFieldMask, isTimestamp } from "../../../../core/transcode/well-known-text.ts";
import type { RawJson } from "./parse-json.ts";
import { NumberText } from "./scalars.ts";
import { type Check, isObject, replace, report, type Walk } from "./walk.ts";

/** Messages whose JSON is a string; `what` is part of error messages. */
export const JSON_STRINGS: Readonly<Record<string, { readonly what: string; readonly matches: (text: string) => boolean }>> = {
  "google.protobuf.Timestamp": { what: "a time such as 2026-01-31T12:00:00Z", matches: isTimestamp },
  "google.protobuf.Duration": { what: "a duration such as 1.5s", matches: isDuration },
  "google.protobuf.FieldMask": { what: "field paths in lowerCamelCase such as user.displayName,user.email", matches: isFieldMask },
};

/** @returns undefined for other types */
export function wellKnownCheck(typeName: string): Check | undefined {
  const text = JSON_STRINGS[typeName];
  if (text !== undefined)
    return (json, walk) => (typeof json === "string" && text.matches(json) ? json : report(walk, `must be ${text.what}`));
  if (typeName === "google.protobuf.Value") return checkValue;
  if (typeName === "google.protobuf.ListValue")
    return (json, walk) => (Array.isArray(json) ? checkValue(json, walk) : report(walk, "must be an array"));
  if (typeName === "google.protobuf.Struct")
    return (json, walk) => (isObject(json) ? checkValue(json, walk) : report(walk, "must be an object"));
  return undefined;
}

/**
 * Checks a value of any kind. A number beyond the range of a double would become infinity, which google.protobuf.Value cannot hold.
 *
 * @see google/protobuf/struct.proto, "number_value"
 */
function checkValue(json: RawJson, walk: Walk): RawJson {
  if (typeof json === "number") return Number.isFinite(json) ? json : report(walk, "must be a number within the range of a double");
  if (typeof json === "string") return json.isWellFormed() ? json : report(walk, "must be a string without lone surrogates");
  if (json instanceof NumberText) return checkValue(Number(json.text), walk);
  if (Array.isArray(json)) {
    for (let index = 0; index < json.length; index++) json[index] = checkValue(json[index], walk);
  } else if (isObject(json)) {
    for (const key of Object.keys(json)) {
      if (!key.isWellFormed()) report(walk, "must have keys without lone surrogates");
      replace(json, key, checkValue(json[key], walk));
    }
  }
  return json;
}

// Parses a JSON body strictly: only UTF-8, no duplicate keys, bounded depth, and no lost digits.
import { Rejected } from "../../../../core/rejection.ts";
import { countJsonKeys, surveyJson } from "../../../../core/transcode/json-text.ts";
import { cutText } from "../../../../core/violations/text.ts";
import { invalidField } from "./invalid-request.ts";
import { NumberText } from "./scalars.ts";

const MAX_DEPTH = 100; // the depth to which protobuf messages may nest
const EXACT_DIGITS = 15; // a double represents every decimal with so many digits
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** JSON in which each number that may not fit a double is a `NumberText`. */
export type RawJson = unknown;

/** @throws Rejected; with a violation if the text is JSON that other parsers accept */
export function parseJson(bytes: Uint8Array): RawJson {
  const text = decodeUtf8(bytes);
  const survey = countJsonKeys(text, MAX_DEPTH);
  if (survey.kind === "invalid") throw invalidField("", survey.problem);
  const json = parse(text, survey.hasLongNumber ? keepDigits : undefined);
  if (keysIn(json) !== survey.keys) throw repeatedKey(text);
  return json;
}

/** @returns the keys of all objects in a value */
function keysIn(json: RawJson): number {
  if (typeof json !== "object" || json === null || json instanceof NumberText) return 0;
  let count = 0;
  if (Array.isArray(json)) for (const item of json) count += keysIn(item);
  else for (const key in json) count += 1 + keysIn((json as Readonly<Record<string, RawJson>>)[key]);
  return count;
}

function repeatedKey(text: string): Rejected {
  const survey = surveyJson(text, MAX_DEPTH);
  return invalidField("", survey.kind === "invalid" ? survey.problem : "has a key twice");
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refusal("is not UTF-8");
  }
}

function parse(text: string, reviver: Reviver | undefined): RawJson {
  try {
    return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as RawJson;
  } catch (error) {
    throw refusal(`is not JSON: ${cutText(error instanceof Error ? error.message : String(error), 200)}`);
  }
}

function refusal(problem: string): Rejected {
  return new Rejected({ kind: "invalid_request", message: `body ${problem}` });
}

/** A reviver that gets the source text of a value. @see https://github.com/tc39/proposal-json-parse-with-source */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

const keepDigits: Reviver = (_key, value, { source = "" }) =>
  typeof value === "number" && (source.length > EXACT_DIGITS || /[eE]/.test(source)) ? new NumberText(source) : value;

// State of the validation of a JSON body: the current position, the violations found, and the type of a check.
import type { Registry } from "@bufbuild/protobuf";
import type { ViolationList } from "../../../../core/violations/violation-list.ts";
import type { RawJson } from "./parse-json.ts";
import { NumberText, type ScalarOptions } from "./scalars.ts";

/** What is accepted beyond ProtoJSON, and the types that an Any may hold. */
export interface JsonOptions extends ScalarOptions {
  readonly ignoreUnknownFields?: boolean;
  readonly registry?: Registry | undefined;
}

/** The validation of one body. Only the check that is running writes to it. */
export interface Walk {
  readonly options: JsonOptions;
  readonly path: (string | number)[]; // field names, list indexes, and map keys, each map key after a `MAP`
  readonly violations: ViolationList;
}

/**
 * Checks one value.
 *
 * @returns the value in the form that protobuf-es reads; any value after a violation, because the body is refused then
 */
export type Check = (json: RawJson, walk: Walk) => RawJson;

export const MAP = -1;
const MAX_NAME = 100; // characters of a name or key in a message

/** Adds a violation at the current position. */
export function report({ path, violations }: Walk, description: string): undefined {
  // The path is written only where it is listed: a body can have a hundred thousand violations.
  violations.add(violations.isFull ? "" : fieldAt(path), description);
}

function fieldAt(path: Walk["path"]): string {
  let field = "";
  for (let at = 0; at < path.length; at++) {
    const part = path[at]!;
    if (part === MAP) field += `[${quoted(String(path[++at]))}]`;
    else if (typeof part === "number") field += `[${part}]`;
    else field += field === "" ? part : `.${part}`;
  }
  return field;
}

/** Adds a violation at a member of the current value. */
export function reportIn(walk: Walk, name: string, description: string): void {
  walk.path.push(name.slice(0, MAX_NAME).toWellFormed());
  report(walk, description);
  walk.path.pop();
}

/** Text of the caller for a message: quoted and cut to 100 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_NAME).toWellFormed());
}

export function isObject(json: RawJson): json is Record<string, RawJson> {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof NumberText);
}

/** Replaces a property of the object if its value has changed. */
export function replace(object: Record<string, RawJson>, key: string, value: RawJson): void {
  if (!Object.is(object[key], value)) object[key] = value;
}

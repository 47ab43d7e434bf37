// The walk over a JSON body: where it is, what it has found wrong, and what a check is.
import type { Registry } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../../core/rejection.ts";
import type { RawJson } from "./parse-json.ts";
import { NumberText, type ScalarOptions } from "./scalars.ts";

/** What a reader of JSON takes beyond ProtoJSON, and the types that an Any may hold. */
export interface JsonOptions extends ScalarOptions {
  readonly ignoreUnknownFields?: boolean;
  readonly registry?: Registry | undefined;
}

/** One reading of one body. Its one writer is the check that runs. */
export interface Walk {
  readonly options: JsonOptions;
  readonly path: (string | number)[]; // names of fields, indexes of lists, and keys of maps behind `MAP`
  readonly violations: FieldViolation[];
}

/**
 * Checks one value.
 *
 * @returns the value as protobuf-es has to get it; anything after a violation, because then nothing is parsed
 */
export type Check = (json: RawJson, walk: Walk) => RawJson;

export const MAP = -1;
const MAX_VIOLATIONS = 1000; // collected for one body: a body of a megabyte may have half a million
const MAX_NAME = 100; // characters of a name or key that is shown

/** Notes that the value at the present place is wrong. */
export function report({ path, violations }: Walk, description: string): undefined {
  if (violations.length === MAX_VIOLATIONS) return;
  let field = "";
  for (let at = 0; at < path.length; at++) {
    const part = path[at]!;
    if (part === MAP) field += `[${shown(String(path[++at]))}]`;
    else if (typeof part === "number") field += `[${part}]`;
    else field += field === "" ? part : `.${part}`;
  }
  violations.push({ field, description });
}

/** Notes that something within the present place is wrong. */
export function reportIn(walk: Walk, name: string, description: string): void {
  walk.path.push(name.slice(0, MAX_NAME).toWellFormed());
  report(walk, description);
  walk.path.pop();
}

/** A text of the caller's, quoted and cut. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, MAX_NAME).toWellFormed());
}

export function isObject(json: RawJson): json is Record<string, RawJson> {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof NumberText);
}

/** Replaces a property that the object has. */
export function replace(object: Record<string, RawJson>, key: string, value: RawJson): void {
  if (!Object.is(object[key], value)) object[key] = value;
}

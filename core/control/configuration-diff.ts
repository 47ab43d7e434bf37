// What differs between two configurations as data, by path.
import { join } from "../config/problems.ts";
import { canonicalJson, type JsonObject, type JsonValue } from "./snapshot.ts";

/** One setting that differs. `undefined`: it is not written there. */
export interface Difference {
  readonly path: string; // `services["users.v1.UserService"].readTimeoutMs`
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** The differences in the order of their paths. Lists are compared as a whole: a setting replaces, and never merges. */
export function configurationDiff(before: JsonObject, after: JsonObject): readonly Difference[] {
  return differences("", before, after);
}

function differences(path: string, before: JsonValue | undefined, after: JsonValue | undefined): readonly Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => differences(join(path, name), fieldOf(before, name), fieldOf(after, name)));
  }
  const isSame = before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after);
  return isSame ? [] : [{ path, before, after }];
}

function fieldOf(value: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

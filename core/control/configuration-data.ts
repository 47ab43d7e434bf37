// Makes data of what gateway.config.ts exports: plain JSON, and the descriptor sets apart.
import { join, type Problem } from "../config/problems.ts";
import type { JsonObject, JsonValue } from "./snapshot.ts";

export interface ConfigurationData {
  readonly configuration: JsonObject;
  readonly descriptors: readonly (Uint8Array | string)[]; // bytes or base64, in the order of `descriptors`
  readonly problems: readonly Problem[]; // values that are no data
}

const MAX_DEPTH = 100;

/** Never throws. Fields that are undefined are left out. */
export function configurationData(input: unknown): ConfigurationData {
  const problems: Problem[] = [];
  const { descriptors = [], ...settings } = isPlain(input) ? input : {};
  if (!isPlain(input)) problems.push({ path: "gateway.config.ts", found: typeof input, fix: "export an object: defineGateway({ ... })" });
  const sets = Array.isArray(descriptors) ? descriptors : [descriptors];
  const isSet = (set: unknown): set is Uint8Array | string => set instanceof Uint8Array || typeof set === "string";
  for (const [index, set] of sets.entries())
    if (!isSet(set)) problems.push({ path: `descriptors[${index}]`, found: typeof set, fix: "write bytes, or text in base64" });
  const configuration = dataOf(settings, "", 0, problems) as JsonObject; // an object stays one
  return { configuration, descriptors: sets.filter(isSet), problems };
}

function dataOf(value: unknown, path: string, depth: number, problems: Problem[]): JsonValue | undefined {
  const refused = (found: string): undefined => {
    problems.push({ path, found, fix: "write plain data: text, a number, a boolean, a list or an object; a version is sent as JSON" });
    return undefined;
  };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : refused(String(value));
  if (depth > MAX_DEPTH) return refused(`more than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item, index) => dataOf(item, `${path}[${index}]`, depth + 1, problems) ?? null);
  if (!isPlain(value))
    return refused(typeof value === "object" ? `an instance of ${value?.constructor?.name ?? "a class"}` : `a ${typeof value}`);
  const fields = Object.entries(value).flatMap(([name, field]): [string, JsonValue][] => {
    if (field === undefined) return [];
    const data = dataOf(field, join(path, name), depth + 1, problems);
    return data === undefined ? [] : [[name, data]];
  });
  return Object.fromEntries(fields);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm, too: a configuration may be loaded in one.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

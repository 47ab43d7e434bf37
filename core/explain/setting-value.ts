// One effective setting with its source, and how values of a policy are shown.

/** Plain JSON: what people read, and programs compare. */
export type ShownValue = string | number | boolean | null | readonly ShownValue[];

/** A value that holds for a route. */
export interface EffectiveSetting {
  readonly name: string; // documented name: `retries.max`
  readonly value: ShownValue;
  readonly source: string; // the path in gateway.config.ts at which it is written, `default`, or `built in`
}

const MAX_TEXT = 200; // characters
const MAX_ITEMS = 32;

/** A value without its parts: numbers without a bound are "unlimited", what is not written is null. */
export function shown(value: unknown): ShownValue {
  if (value === undefined || value === null) return null;
  if (value === Number.POSITIVE_INFINITY) return "unlimited";
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return bounded(value);
  if (typeof value === "function") return "a function";
  if (value instanceof Set || Array.isArray(value)) return [...(value as Iterable<unknown>)].slice(0, MAX_ITEMS).map(shown);
  return bounded(JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value) ?? String(value));
}

/** The parts of a value: each of an object's by its name, or the value itself under the name "". */
export function parts(value: unknown): readonly (readonly [name: string, value: ShownValue])[] {
  if (!isBlock(value)) return [["", shown(value)]];
  return Object.entries(value).map(([name, part]) => [name, shown(part)] as const);
}

function isBlock(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Set) && !(value instanceof Map);
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text;
}

// Schemas in words: the type of a value and its bounds.
import type { Contract } from "../contract/contract.ts";
import type { ApiSchema } from "../contract/openapi.ts";

/** The type of a value, in one or two words. */
export function typeOf(schema: ApiSchema, contract: Contract): string {
  const whole = contract.follow(schema);
  if (whole.anyOf !== undefined) {
    return whole.anyOf.map((one) => (one.enum === undefined ? typeOf(one, contract) : one.enum.join(" | "))).join(" or ");
  }
  const types = [whole.type ?? "any"].flat();
  const [type = "any"] = types;
  const suffix = types.includes("null") && type !== "null" ? " or null" : "";
  if (type === "array") return `${typeOf(whole.items ?? {}, contract)}[]${suffix}`;
  if (type === "object" && typeof whole.additionalProperties === "object") return `map of ${typeOf(whole.additionalProperties, contract)}`;
  if (whole.title !== undefined) return whole.title + suffix;
  return (whole.format === undefined ? type : `${type} (${whole.format})`) + suffix;
}

/** The object schema itself, or of its elements; undefined where there are no fields. */
export function innerOf(schema: ApiSchema, contract: Contract): ApiSchema | undefined {
  const whole = contract.follow(schema);
  if (whole.properties !== undefined) return whole;
  const { additionalProperties: values } = whole;
  const within = whole.items ?? whole.anyOf?.[0] ?? (typeof values === "object" ? values : undefined);
  return within === undefined ? undefined : innerOf(within, contract);
}

/** Bounds of a value; empty where it has none. */
export function boundsText(whole: ApiSchema): string {
  const isInteger64 = whole.format === "int64" || whole.format === "uint64";
  const texts: readonly (readonly [unknown, (value: unknown) => string])[] = [
    [range(whole.minLength, whole.maxLength), (count) => `${count} characters`],
    [range(whole.minItems, whole.maxItems), (count) => `${count} items`],
    [whole.minimum ?? whole["x-minimum"], (bound) => `≥ ${bound}`],
    [whole.exclusiveMinimum ?? whole["x-exclusiveMinimum"], (bound) => `> ${bound}`],
    [whole.maximum ?? whole["x-maximum"], (bound) => `≤ ${bound}`],
    [whole.exclusiveMaximum ?? whole["x-exclusiveMaximum"], (bound) => `< ${bound}`],
    [whole.const, (value) => `always ${JSON.stringify(value)}`],
    [isInteger64 ? undefined : whole.pattern, (pattern) => `matches \`${pattern}\``],
  ];
  return texts.flatMap(([value, write]) => (value === undefined ? [] : [write(value)])).join(", ");
}

function range(min: number | undefined, max: number | undefined): string | undefined {
  if (min === undefined) return max === undefined ? undefined : `at most ${max}`;
  if (max === undefined) return `at least ${min}`;
  return min === max ? `exactly ${min}` : `${min} to ${max}`;
}

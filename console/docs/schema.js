// Shows a schema as a list of fields. Inner messages are rendered when they are opened, so a message may contain itself.
import { h, inline, prose } from "./dom.js";

/** @typedef {import("./contract.js").Contract} Contract */

/** The type of a value, in one or two words. @param {any} schema @param {Contract} contract @returns {string} */
export function typeOf(schema, contract) {
  const whole = contract.follow(schema);
  if (whole.anyOf !== undefined) {
    const names = whole.anyOf.map((/** @type {any} */ one) => (one.enum ? one.enum.join(" | ") : typeOf(one, contract)));
    return names.join(" or ");
  }
  const types = [whole.type ?? "any"].flat();
  const [type] = types;
  const suffix = types.includes("null") && type !== "null" ? " or null" : "";
  if (type === "array") return `${typeOf(whole.items ?? {}, contract)}[]${suffix}`;
  if (type === "object" && isMap(whole)) return `map of ${typeOf(whole.additionalProperties, contract)}`;
  if (whole.title !== undefined) return whole.title + suffix;
  return (whole.format ? `${type} (${whole.format})` : type) + suffix;
}

/**
 * The fields of a schema, or its type if it has none.
 *
 * @param {any} schema @param {Contract} contract @param {"request" | "response"} direction @returns {any}
 */
export function schemaView(schema, contract, direction) {
  const whole = contract.follow(schema);
  const inner = innerOf(whole, contract);
  if (inner === undefined) return h("p.type", {}, h("code", {}, typeOf(whole, contract)), " ", limits(whole), values(whole));
  const fields = Object.entries(inner.properties);
  const shown = fields.filter(([, field]) => contract.follow(field)[direction === "request" ? "readOnly" : "writeOnly"] !== true);
  const heading = h("p.type", {}, h("code", {}, typeOf(whole, contract)));
  if (shown.length === 0) return h("div", {}, heading, h("p.quiet", {}, "No fields."));
  const rows = shown.map(([name, field]) => fieldRow(name, field, inner.required?.includes(name) === true, contract, direction));
  return h("div", {}, heading, h("ul.fields", {}, rows));
}

/**
 * @param {string} name @param {any} field @param {boolean} isRequired
 * @param {Contract} contract @param {"request" | "response"} direction
 */
function fieldRow(name, field, isRequired, contract, direction) {
  const whole = contract.follow(field);
  const row = h(
    "li",
    {},
    h("div.head", {}, h("code.field", {}, name), h("span.kind", {}, typeOf(field, contract)), flags(whole, isRequired)),
    prose(whole.description),
    limits(whole),
    values(whole),
  );
  if (innerOf(whole, contract) !== undefined) {
    const details = h("details", {}, h("summary", {}, typeOf(field, contract).replace(/\[\]$/, "")));
    details.addEventListener("toggle", () => details.append(schemaView(innerOf(whole, contract), contract, direction)), { once: true });
    row.append(details);
  }
  return row;
}

/** The object schema itself, or of its elements. @param {any} whole @param {Contract} contract @returns {any} */
function innerOf(whole, contract) {
  if (whole.properties !== undefined) return whole;
  const within = whole.items ?? whole.anyOf?.[0] ?? (isMap(whole) ? whole.additionalProperties : undefined);
  return within === undefined ? undefined : innerOf(contract.follow(within), contract);
}

/** @param {any} whole */
function isMap(whole) {
  return typeof whole.additionalProperties === "object";
}

/** @param {any} whole @param {boolean} isRequired */
export function flags(whole, isRequired) {
  return [
    isRequired ? h("span.flag.required", {}, "required") : null,
    whole.readOnly ? h("span.flag", {}, "read only") : null,
    whole.writeOnly ? h("span.flag", {}, "write only") : null,
    whole.deprecated ? h("span.flag.warn", {}, "deprecated") : null,
    whole["x-oneof"] ? h("span.flag", {}, `one of ${whole["x-oneof"]}`) : null,
  ];
}

/** @param {any} whole */
export function limits(whole) {
  const texts = [
    [range(whole.minLength, whole.maxLength), (/** @type {any} */ n) => `${n} characters`],
    [range(whole.minItems, whole.maxItems), (/** @type {any} */ n) => `${n} items`],
    [whole.minimum ?? whole["x-minimum"], (/** @type {any} */ n) => `≥ ${n}`],
    [whole.exclusiveMinimum ?? whole["x-exclusiveMinimum"], (/** @type {any} */ n) => `> ${n}`],
    [whole.maximum ?? whole["x-maximum"], (/** @type {any} */ n) => `≤ ${n}`],
    [whole.exclusiveMaximum ?? whole["x-exclusiveMaximum"], (/** @type {any} */ n) => `< ${n}`],
    [whole.const, (/** @type {any} */ value) => `always ${JSON.stringify(value)}`],
    [whole.format === "int64" || whole.format === "uint64" ? undefined : whole.pattern, (/** @type {any} */ text) => `matches \`${text}\``],
  ];
  const words = texts.flatMap(([value, write]) => (value === undefined ? [] : [write(value)]));
  return words.length === 0 ? null : h("p.quiet", {}, inline(words.join(", ")));
}

/** @param {number | undefined} min @param {number | undefined} max */
function range(min, max) {
  if (min === undefined) return max === undefined ? undefined : `at most ${max}`;
  if (max === undefined) return `at least ${min}`;
  return min === max ? `exactly ${min}` : `${min} to ${max}`;
}

/** @param {any} whole */
function values(whole) {
  const named = whole.enum ?? whole.items?.enum;
  return named === undefined
    ? null
    : h(
        "p.values",
        {},
        named.map((/** @type {string} */ value) => [h("code", {}, value), " "]),
      );
}

// Cache directives: those of Cache-Control, and those of fields for this cache alone (RFC 9213).
import { type HeaderFields, parseHeaderList } from "./header-list.ts";
import { parseDictionary } from "./structured-dictionary.ts";

/** Values by directive name in lower case; "" for a directive without a value. */
export type Directives = ReadonlyMap<string, string>;

const NAME = /^[^\s="]+/;
const QUOTED = /^="((?:[^"\\]|\\.)*)"$/;
const MAX_SECONDS = 2_147_483_648; // a number that is too large to hold counts as this one (RFC 9111, section 1.2.2)
export const NO_DIRECTIVES: Directives = new Map();

/**
 * Reads leniently, as RFC 9111 requires: names in any case, values quoted or not, and what is no directive is skipped.
 * Of a directive with two different numbers the smaller counts. A value that is no number counts as 0, which makes the response stale.
 */
export function parseCacheControl(text: string | null): Directives {
  if (text === null || text === "") return NO_DIRECTIVES;
  const directives = new Map<string, string>();
  for (const member of parseHeaderList(text)) {
    const name = NAME.exec(member)?.[0].toLowerCase();
    if (name === undefined) continue;
    const value = readValue(member.slice(name.length));
    const before = directives.get(name);
    directives.set(name, before === undefined || before === value ? value : stricter(name, before, value));
  }
  return directives;
}

/** A malformed value counts as "": the directive still applies, and as a number it is 0. */
function readValue(rest: string): string {
  const quoted = QUOTED.exec(rest)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, "$1");
  return /^=[^\s"]*$/.test(rest) ? rest.slice(1) : "";
}

/** The stricter of two values of one directive. */
function stricter(name: string, before: string, value: string): string {
  if (!isNumber(before) || !isNumber(value)) return name === "no-cache" || name === "private" ? joined(before, value) : "";
  return Number(before) < Number(value) ? before : value;
}

/** Two lists of fields as one. A directive without a list applies to the whole response. */
function joined(before: string, value: string): string {
  return before === "" || value === "" ? "" : `${before}, ${value}`;
}

/** @returns seconds; undefined where the directive is missing, 0 where its value is no number */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return isNumber(value) ? Math.min(Number(value), MAX_SECONDS) : 0;
}

function isNumber(value: string): boolean {
  return /^\d+$/.test(value);
}

/** The fields that `no-cache="a, b"` or `private="a"` names; undefined where the directive is missing or applies to the whole response. */
export function namedFields(directives: Directives, name: string): string[] | undefined {
  const value = directives.get(name);
  if (value === undefined || value === "") return undefined;
  return value.split(",").map((field) => field.trim().toLowerCase());
}

/** Whether a directive that may name fields applies to the whole response. */
export function appliesToAll(directives: Directives, name: string): boolean {
  return directives.get(name) === "";
}

/**
 * The directives of a response.
 *
 * @param targets names of fields for this cache alone, in order of precedence
 * @returns isTargeted: whether one of them is present and valid; then Cache-Control and Expires are ignored
 * @see RFC 9213, section 2.2
 */
export function directivesOf(
  fields: HeaderFields,
  targets: readonly string[],
): { readonly directives: Directives; readonly isTargeted: boolean } {
  for (const target of targets) {
    const directives = parseTargeted(fields.get(target));
    if (directives !== undefined) return { directives, isTargeted: true };
  }
  return { directives: parseCacheControl(fields.get("cache-control")), isTargeted: false };
}

const NUMERIC = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];

/** A structured field: with one syntax error or one invalid number, the whole field is ignored. */
function parseTargeted(text: string | null): Directives | undefined {
  if (text === null) return undefined;
  const members = parseDictionary(text);
  if (members === undefined || members.size === 0) return undefined;
  const directives = new Map<string, string>();
  for (const [name, { kind, value }] of members) {
    if (NUMERIC.includes(name)) {
      if (kind !== "integer" || value.startsWith("-")) return undefined;
    } else if (kind === "boolean" && value === "?0") continue;
    directives.set(name, kind === "integer" || kind === "string" ? value : "");
  }
  return directives;
}

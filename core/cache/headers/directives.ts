// Cache directives, as Cache-Control and the fields aimed at caches like this one write them.

import { parseHeaderList } from "./header-list.ts";
import { parseDictionary } from "./structured-dictionary.ts";

/** By name in lower case; the value is empty where there is none. */
export type Directives = ReadonlyMap<string, string>;

/** Header fields that can be asked for by name, in any case: `Headers` is one. */
export interface HeaderFields {
  get(name: string): string | null;
}

const NAME = /^[^\s="]+/;
const QUOTED = /^="((?:[^"\\]|\\.)*)"$/;
const MOST_SECONDS = 2_147_483_648; // what a number that can't be held stands for (RFC 9111, section 1.2.2)
export const NO_DIRECTIVES: Directives = new Map();

/**
 * Reads leniently, as RFC 9111 asks: any case, quoted or not, and what is no directive is skipped.
 * Of one that is said twice with other numbers the smaller counts; a number that is none counts as 0, so that the answer is stale.
 */
export function parseCacheControl(text: string | null): Directives {
  if (text === null || text === "") return NO_DIRECTIVES;
  const found = new Map<string, string>();
  for (const member of parseHeaderList(text)) {
    const name = NAME.exec(member)?.[0].toLowerCase();
    if (name === undefined) continue;
    const value = readValue(member.slice(name.length));
    const before = found.get(name);
    found.set(name, before === undefined || before === value ? value : smaller(name, before, value));
  }
  return found;
}

/** A value that can't be read is taken for none: a directive holds all the same, and a number is 0. */
function readValue(rest: string): string {
  const quoted = QUOTED.exec(rest)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, "$1");
  return /^=[^\s"]*$/.test(rest) ? rest.slice(1) : "";
}

function smaller(name: string, before: string, value: string): string {
  if (!isNumber(before) || !isNumber(value)) return name === "no-cache" || name === "private" ? joined(before, value) : "";
  return Number(before) < Number(value) ? before : value;
}

/** Without a list the directive holds for the whole answer. */
function joined(before: string, value: string): string {
  return before === "" || value === "" ? "" : `${before}, ${value}`;
}

/** @returns seconds; undefined where the directive is not there, 0 where its value is no number */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return isNumber(value) ? Math.min(Number(value), MOST_SECONDS) : 0;
}

function isNumber(value: string): boolean {
  return /^\d+$/.test(value);
}

/** The field names that `no-cache="a, b"` or `private="a"` is about; undefined where it is about all of the answer, or not there. */
export function namedFields(directives: Directives, name: string): string[] | undefined {
  const value = directives.get(name);
  if (value === undefined || value === "") return undefined;
  return value.split(",").map((field) => field.trim().toLowerCase());
}

/** Whether a directive that may have a list of fields holds for the whole answer. */
export function appliesToAll(directives: Directives, name: string): boolean {
  return directives.get(name) === "";
}

/** @returns whether the directives are aimed at this cache alone: then neither Cache-Control nor Expires counts. RFC 9213. */
export function directivesOf(
  fields: HeaderFields,
  targets: readonly string[],
): { readonly directives: Directives; readonly isTargeted: boolean } {
  for (const target of targets) {
    const found = targeted(fields.get(target));
    if (found !== undefined) return { directives: found, isTargeted: true };
  }
  return { directives: parseCacheControl(fields.get("cache-control")), isTargeted: false };
}

const OF_NUMBERS = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];

/** A structured field: one mistake in it, or a number that is none, and all of it is ignored. */
function targeted(text: string | null): Directives | undefined {
  if (text === null) return undefined;
  const members = parseDictionary(text);
  if (members === undefined || members.size === 0) return undefined;
  const directives = new Map<string, string>();
  for (const [name, { kind, value }] of members) {
    if (OF_NUMBERS.includes(name)) {
      if (kind !== "integer" || value.startsWith("-")) return undefined;
    } else if (kind === "boolean" && value === "?0") continue;
    directives.set(name, kind === "integer" || kind === "string" ? value : "");
  }
  return directives;
}

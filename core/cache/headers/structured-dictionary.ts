// Dictionaries of structured fields, as far as fields about caching use them.
import { type BareItem, isInnerList } from "../../structured-fields/item.ts";
import { parseDictionary as parseAll } from "../../structured-fields/parse.ts";

export interface DictionaryMember {
  readonly kind: "integer" | "boolean" | "string" | "other";
  readonly value: string; // `3600`, `?1`, or the content of a string
}

const OTHER: DictionaryMember = { kind: "other", value: "" };

/**
 * @returns members by name without their parameters, the last one of each name; undefined where the field is invalid
 * @see RFC 9651, section 4.2.2
 */
export function parseDictionary(text: string): ReadonlyMap<string, DictionaryMember> | undefined {
  const dictionary = parseAll(text);
  if (dictionary === undefined) return undefined;
  const members = new Map<string, DictionaryMember>();
  for (const [name, member] of dictionary) members.set(name, isInnerList(member) ? OTHER : plain(member.item));
  return members;
}

function plain(item: BareItem): DictionaryMember {
  if (item.kind === "integer") return { kind: "integer", value: String(item.value) };
  if (item.kind === "boolean") return { kind: "boolean", value: item.value ? "?1" : "?0" };
  return item.kind === "string" ? { kind: "string", value: item.value } : OTHER;
}

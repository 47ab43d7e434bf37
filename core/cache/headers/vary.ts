// Answers that vary: which request fields they were chosen by, and when two requests ask for the same one.
import type { HeaderFields } from "./directives.ts";
import { parseHeaderList } from "./header-list.ts";

/**
 * A response that is encoded was chosen by `Accept-Encoding`, whether it says so or not.
 *
 * @param encoding its `Content-Encoding`
 * @returns names in lower case, sorted, each once
 */
export function varyNames(vary: string | null, encoding: string | null): readonly string[] {
  if (vary === null && encoding === null) return [];
  const names = parseHeaderList(vary ?? "").map((name) => name.toLowerCase());
  if (encoding !== null && encoding.toLowerCase() !== "identity") names.push("accept-encoding");
  return [...new Set(names)].sort();
}

/** The values that choose an answer, in one text that no two different choices share. */
export function variantOf(names: readonly string[], request: HeaderFields): string {
  return names.map((name) => fieldText(normalizeField(name, request.get(name)))).join("");
}

function fieldText(value: string | null): string {
  return value === null ? "-" : `${value.length}:${value}`;
}

/**
 * A value as it is compared, and forwarded where it is part of a key: white space around commas says nothing, and neither do order and
 * case of languages. RFC 9111, section 4.1.
 */
export function normalizeField(name: string, value: string | null): string | null {
  if (value === null) return null;
  const members = parseHeaderList(value);
  if (name === "accept-language")
    return members
      .map((one) => one.toLowerCase().replace(/\s+/g, ""))
      .sort()
      .join(", ");
  if (name === "accept-encoding") return encodingClass(members);
  return members.join(", ");
}

/** One of three, so that callers of all kinds share what is kept. */
function encodingClass(members: readonly string[]): string {
  const accepted = new Set(
    members.filter((one) => !/;\s*q=0(\.0*)?\s*$/i.test(one)).map((one) => one.split(";", 1)[0]!.trim().toLowerCase()),
  );
  if (!accepted.has("gzip")) return "identity";
  return accepted.has("br") ? "br, gzip" : "gzip";
}

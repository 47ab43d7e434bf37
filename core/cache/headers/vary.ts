// Vary: which request fields selected a response, and when two requests select the same one.
import { type HeaderFields, parseHeaderList } from "./header-list.ts";

/**
 * An encoded response was selected by Accept-Encoding, whether its Vary says so or not.
 *
 * @param vary     value of Vary
 * @param encoding value of Content-Encoding
 * @returns names in lower case, sorted, without duplicates
 */
export function varyNames(vary: string | null, encoding: string | null): readonly string[] {
  if (vary === null && encoding === null) return [];
  const names = parseHeaderList(vary ?? "").map((name) => name.toLowerCase());
  if (encoding !== null && encoding.toLowerCase() !== "identity") names.push("accept-encoding");
  return [...new Set(names)].sort();
}

/** The values of the selecting fields as one text, different for different values. */
export function variantOf(names: readonly string[], request: HeaderFields): string {
  return names.map((name) => fieldText(normalizeField(name, request.get(name)))).join("");
}

function fieldText(value: string | null): string {
  return value === null ? "-" : `${value.length}:${value}`;
}

/**
 * A field value in the form in which it is compared, and forwarded where it is part of the key. White space around commas means
 * nothing, nor do the order and case of languages. RFC 9111, section 4.1.
 */
export function normalizeField(name: string, value: string | null): string | null {
  if (value === null) return null;
  const members = parseHeaderList(value);
  if (name === "accept-language")
    return members
      .map((language) => language.toLowerCase().replace(/\s+/g, ""))
      .sort()
      .join(", ");
  if (name === "accept-encoding") return encodingClass(members);
  return members.join(", ");
}

/** One of three values, so that different clients share stored responses. */
function encodingClass(members: readonly string[]): string {
  const accepted = new Set(
    members.filter((coding) => !/;\s*q=0(\.0*)?\s*$/i.test(coding)).map((coding) => coding.split(";", 1)[0]!.trim().toLowerCase()),
  );
  if (!accepted.has("gzip")) return "identity";
  return accepted.has("br") ? "br, gzip" : "gzip";
}

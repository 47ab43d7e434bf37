// Components that are derived from a message rather than fields of it.
import type { Parameters } from "../../structured-fields/item.ts";
import type { ComponentValue, SignedMessage } from "./signed-message.ts";

const UNSUPPORTED: ComponentValue = { reason: "signature_component_unsupported" };
const ABSENT: ComponentValue = { reason: "signature_component_absent" };

/** @param name starts with `@` @see RFC 9421, section 2.2 */
export function derivedValue(message: SignedMessage, name: string, parameters: Parameters): ComponentValue {
  if (name === "@query-param") return queryParameter(message.query, parameters);
  if (parameters.size > 0) return UNSUPPORTED;
  const { method, scheme, authority, path, query, status } = message;
  switch (name) {
    case "@method":
      return { value: method };
    case "@authority":
      return { value: authority };
    case "@scheme":
      return { value: scheme };
    case "@path":
      return { value: path };
    case "@query":
      return { value: query === "" ? "?" : query };
    case "@request-target":
      return { value: path + query };
    case "@target-uri":
      return { value: `${scheme}://${authority}${path}${query}` };
    case "@status":
      return status === undefined ? ABSENT : { value: String(status) };
    default:
      return UNSUPPORTED;
  }
}

/** A parameter that comes twice has no one value. @see RFC 9421, section 2.2.8 */
function queryParameter(query: string, parameters: Parameters): ComponentValue {
  const name = parameters.get("name");
  if (parameters.size !== 1 || name?.kind !== "string") return UNSUPPORTED;
  const values: string[] = [];
  for (const pair of query.slice(1).split("&")) {
    const end = pair.includes("=") ? pair.indexOf("=") : pair.length;
    if (reencode(pair.slice(0, end)) === name.value) values.push(reencode(pair.slice(end + 1)));
  }
  return values.length === 1 ? { value: values[0]! } : values.length === 0 ? ABSENT : UNSUPPORTED;
}

/** Decodes a part of a form, and escapes it in the one way that the RFC has for it. A text that cannot be decoded stays. */
function reencode(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll("+", " "));
    return encodeURIComponent(decoded).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return text;
  }
}

/** The authority of a URL as signatures cover it. @see RFC 9421, section 2.2.3 */
export function signedAuthority(scheme: "http" | "https", host: string): string {
  return host.toLowerCase().replace(scheme === "https" ? /:443$/ : /:80$/, "");
}

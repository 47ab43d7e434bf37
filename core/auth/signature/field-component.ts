// Components that are fields of a message.
import type { Parameters } from "../../structured-fields/item.ts";
import { parseDictionary, parseItem, parseList } from "../../structured-fields/parse.ts";
import { serializeDictionary, serializeItem, serializeList, serializeMember } from "../../structured-fields/serialize.ts";
import type { ComponentValue, SignedMessage } from "./signed-message.ts";

/** Structured fields whose type is known: `;sf` covers their canonical form. */
const TYPES: ReadonlyMap<string, "dictionary" | "list" | "item"> = new Map([
  ["accept-ch", "list"],
  ["cache-status", "list"],
  ["cdn-cache-control", "dictionary"],
  ["client-cert", "item"],
  ["client-cert-chain", "list"],
  ["content-digest", "dictionary"],
  ["priority", "dictionary"],
  ["proxy-status", "list"],
  ["repr-digest", "dictionary"],
  ["signature", "dictionary"],
  ["signature-input", "dictionary"],
  ["want-content-digest", "dictionary"],
  ["want-repr-digest", "dictionary"],
]);

const UNSUPPORTED: ComponentValue = { reason: "signature_component_unsupported" };
const ABSENT: ComponentValue = { reason: "signature_component_absent" };

/**
 * The value of a field, or of one member of a dictionary. `;bs`, `;tr` and `;req` are not supported: the gateway does not have the lines of
 * a field apart, reads no trailers, and no signature of a request covers another request.
 *
 * @param name in lower case
 * @see RFC 9421, section 2.1
 */
export function fieldValue(message: SignedMessage, name: string, parameters: Parameters): ComponentValue {
  const key = parameters.get("key");
  const structured = parameters.get("sf");
  if (parameters.size > (key === undefined ? 0 : 1) + (structured === undefined ? 0 : 1)) return UNSUPPORTED;
  const text = message.field(name);
  if (text === null) return ABSENT;
  if (structured !== undefined && (structured.kind !== "boolean" || !structured.value)) return UNSUPPORTED;
  if (key === undefined) return structured === undefined ? { value: text.trim() } : canonical(name, text);
  if (key.kind !== "string") return UNSUPPORTED;
  const member = parseDictionary(text, "invalid")?.get(key.value);
  return member === undefined ? ABSENT : { value: serializeMember(member) };
}

function canonical(name: string, text: string): ComponentValue {
  const type = TYPES.get(name);
  if (type === undefined) return UNSUPPORTED;
  const value = type === "dictionary" ? dictionaryOf(text) : type === "list" ? listOf(text) : itemOf(text);
  return value === undefined ? UNSUPPORTED : { value };
}

function dictionaryOf(text: string): string | undefined {
  const dictionary = parseDictionary(text, "invalid");
  return dictionary && serializeDictionary(dictionary);
}

function listOf(text: string): string | undefined {
  const list = parseList(text, "invalid");
  return list && serializeList(list);
}

function itemOf(text: string): string | undefined {
  const item = parseItem(text, "invalid");
  return item && serializeItem(item);
}

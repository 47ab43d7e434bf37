// The canonical form of a message: equal messages have equal bytes, however callers encoded them.
import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/**
 * Fields in the order of their numbers, map entries in the order of their keys.
 *
 * @param message is changed: its maps get the canonical order
 * @returns undefined for a message with fields that are not in its proto: their meaning is unknown, so it equals no other message
 */
export function canonicalBytes(schema: DescMessage, message: Message): Uint8Array<ArrayBuffer> | undefined {
  return canonicalize(reflect(schema, message)) ? (toBinary(schema, message) as Uint8Array<ArrayBuffer>) : undefined;
}

/** @returns whether the message and all messages in it have known fields only */
function canonicalize(message: ReflectMessage): boolean {
  if ((message.getUnknown()?.length ?? 0) > 0) return false;
  return message.fields.every((field) => {
    if (!message.isSet(field)) return true;
    if (field.fieldKind === "message") return canonicalize(message.get(field));
    if (field.fieldKind === "list") {
      if (field.listKind !== "message") return true;
      for (const item of message.get(field)) if (!canonicalize(item as ReflectMessage)) return false;
      return true;
    }
    if (field.fieldKind !== "map") return true;
    const entries = message.get(field);
    if (field.mapKind === "message") for (const [, value] of entries) if (!canonicalize(value as ReflectMessage)) return false;
    sortKeys(message.message as unknown as Record<string, Record<string, unknown>>, field.localName);
    return true;
  });
}

/** protobuf-es stores a map as an object and writes its entries in the order of the properties. */
function sortKeys(message: Record<string, Record<string, unknown>>, name: string): void {
  const entries = Object.entries(message[name] ?? {});
  if (entries.length > 1) message[name] = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

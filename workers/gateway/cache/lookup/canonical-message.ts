// The one form of a message: the same bytes for the same message, however it was written.
import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/**
 * Fields in the order of their numbers, entries of maps by their keys.
 *
 * @param message is changed: its maps get another order
 * @returns undefined where it has fields that are not in its proto: nobody knows what they mean, so no two such messages are the same
 */
export function canonicalBytes(schema: DescMessage, message: Message): Uint8Array<ArrayBuffer> | undefined {
  return settle(reflect(schema, message)) ? (toBinary(schema, message) as Uint8Array<ArrayBuffer>) : undefined;
}

function settle(message: ReflectMessage): boolean {
  if ((message.getUnknown()?.length ?? 0) > 0) return false;
  return message.fields.every((field) => {
    if (!message.isSet(field)) return true;
    if (field.fieldKind === "message") return settle(message.get(field));
    if (field.fieldKind === "list") {
      if (field.listKind !== "message") return true;
      for (const item of message.get(field)) if (!settle(item as ReflectMessage)) return false;
      return true;
    }
    if (field.fieldKind !== "map") return true;
    const entries = message.get(field);
    if (field.mapKind === "message") for (const [, value] of entries) if (!settle(value as ReflectMessage)) return false;
    sortKeys(message.message as unknown as Record<string, Record<string, unknown>>, field.localName);
    return true;
  });
}

function sortKeys(message: Record<string, Record<string, unknown>>, name: string): void {
  const entries = Object.entries(message[name] ?? {});
  if (entries.length > 1) message[name] = Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

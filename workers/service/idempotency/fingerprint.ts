// The fingerprint of a request: equal for equal messages, whether they came as JSON or as binary.
import { clone, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ReflectMap, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @returns SHA-256 of the canonical binary form, 64 hex digits */
export async function fingerprintOf(schema: DescMessage, message: Message): Promise<string> {
  return sha256(canonicalBytes(schema, message));
}

/**
 * The binary form with the entries of maps in the order of their keys: binary and JSON keep them in the order in which they were written,
 * which is no part of the message. Unknown fields are part of it.
 */
export function canonicalBytes(schema: DescMessage, message: Message): Uint8Array {
  if (!hasMaps(schema)) return toBinary(schema, message);
  const copy = clone(schema, message);
  sortMaps(reflect(schema, copy, false));
  return toBinary(schema, copy);
}

/** @returns 64 hex digits */
export async function sha256(bytes: Uint8Array): Promise<string> {
  let text = "";
  for (const byte of new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>))) text += HEX[byte];
  return text;
}

const WITH_MAPS = new WeakMap<DescMessage, boolean>();

/** Whether the message, or any below it, can have maps. Found once for each type. */
function hasMaps(schema: DescMessage): boolean {
  const before = WITH_MAPS.get(schema);
  if (before !== undefined) return before;
  const types = new Set([schema]);
  // A set that grows is iterated to its end.
  for (const { fields } of types) for (const { message } of fields) if (message !== undefined) types.add(message);
  const found = [...types].some(({ fields }) => fields.some(({ fieldKind }) => fieldKind === "map"));
  WITH_MAPS.set(schema, found);
  return found;
}

function sortMaps(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") {
      const below = message.get(field);
      sortMaps(below);
      message.set(field, below); // `get` returns a copy of a google.protobuf.Struct
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      const list = message.get(field);
      for (let at = 0; at < list.size; at++) {
        const below = list.get(at) as ReflectMessage;
        sortMaps(below);
        list.set(at, below);
      }
    } else if (field.fieldKind === "map") sortMap(message.get(field));
  }
}

function sortMap(map: ReflectMap): void {
  const entries = [...map].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  map.clear();
  for (const [name, value] of entries) {
    if (map.field().mapKind === "message") sortMaps(value as ReflectMessage);
    map.set(name, value);
  }
}

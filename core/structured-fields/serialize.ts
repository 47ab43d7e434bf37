// Writes structured fields in their canonical form, RFC 9651, section 4.1.
import { encodePiece } from "../protocol/base64-pieces.ts";
import { type BareItem, type Dictionary, type FieldMember, type Item, isInnerList, type Parameters } from "./item.ts";

/** @see RFC 9651, section 4.1.2 */
export function serializeDictionary(dictionary: Dictionary): string {
  return Array.from(dictionary, ([name, member]) => {
    const isFlag = !isInnerList(member) && member.item.kind === "boolean" && member.item.value;
    return name + (isFlag ? serializeParameters(member.parameters) : `=${serializeMember(member)}`);
  }).join(", ");
}

/** @see RFC 9651, section 4.1.1 */
export function serializeList(members: readonly FieldMember[]): string {
  return members.map(serializeMember).join(", ");
}

export function serializeMember(member: FieldMember): string {
  if (!isInnerList(member)) return serializeItem(member);
  return `(${member.items.map(serializeItem).join(" ")})${serializeParameters(member.parameters)}`;
}

export function serializeItem({ item, parameters }: Item): string {
  return serializeBare(item) + serializeParameters(parameters);
}

export function serializeParameters(parameters: Parameters): string {
  let text = "";
  for (const [name, value] of parameters) text += value.kind === "boolean" && value.value ? `;${name}` : `;${name}=${serializeBare(value)}`;
  return text;
}

function serializeBare(bare: BareItem): string {
  switch (bare.kind) {
    case "integer":
      return String(bare.value);
    case "decimal":
      return Number.isInteger(bare.value) ? bare.value.toFixed(1) : String(bare.value);
    case "string":
      return `"${bare.value.replace(/["\\]/g, "\\$&")}"`;
    case "token":
      return bare.value;
    case "bytes":
      return `:${Array.from(encodePiece(bare.value), (code) => String.fromCharCode(code)).join("")}:`;
    case "boolean":
      return bare.value ? "?1" : "?0";
    case "date":
      return `@${bare.value}`;
    case "display":
      return `%"${encodeDisplay(bare.value)}"`;
  }
}

function encodeDisplay(text: string): string {
  return text.replace(/[^\x20-\x7e]|["%]/gu, (character) => encodeURIComponent(character).replace(/^"$/, "%22").toLowerCase());
}

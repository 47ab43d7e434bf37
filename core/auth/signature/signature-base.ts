// The signature base: the text of a request that a signature covers.
import type { Item, Parameters } from "../../structured-fields/item.ts";
import { serializeItem, serializeMember } from "../../structured-fields/serialize.ts";
import { derivedValue } from "./derived-component.ts";
import { fieldValue } from "./field-component.ts";
import type { SignatureFault } from "./signature-fault.ts";
import type { ComponentValue, SignedMessage } from "./signed-message.ts";

export type SignatureBase =
  | { readonly kind: "base"; readonly text: string } // ASCII
  | { readonly kind: "fault"; readonly reason: SignatureFault };

/** What a base may not contain: it would be read as further lines, or has no one form in bytes. */
const NOT_TEXT = /[^\t\x20-\x7e]/;

/**
 * @param components names with their parameters, in the order of Signature-Input
 * @param parameters of the signature, in the order of Signature-Input
 * @see RFC 9421, section 2.5
 */
export function signatureBase(message: SignedMessage, components: readonly Item[], parameters: Parameters): SignatureBase {
  const seen = new Set<string>();
  let text = "";
  for (const component of components) {
    const identity = identityOf(component);
    if (seen.has(identity)) return { kind: "fault", reason: "signature_component_repeated" };
    seen.add(identity);
    const result = componentValue(message, component);
    if ("reason" in result) return { kind: "fault", reason: result.reason };
    if (NOT_TEXT.test(result.value)) return { kind: "fault", reason: "signature_component_unsupported" };
    text += `${serializeItem(component)}: ${result.value}\n`;
  }
  return { kind: "base", text: `${text}"@signature-params": ${serializeMember({ items: components, parameters })}` };
}

/** Two components are the same one in any order of their parameters. @see RFC 9421, section 2 */
function identityOf({ item, parameters }: Item): string {
  return [item.value, ...Array.from(parameters, ([name, { value }]) => `${name}=${value}`).sort()].join(";");
}

function componentValue(message: SignedMessage, { item, parameters }: Item): ComponentValue {
  if (item.kind !== "string" || item.value !== item.value.toLowerCase()) return { reason: "signature_component_unsupported" };
  return item.value.startsWith("@") ? derivedValue(message, item.value, parameters) : fieldValue(message, item.value, parameters);
}

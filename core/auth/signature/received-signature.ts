// The one signature that a request carries in Signature-Input and Signature.
import { type Item, isInnerList, type Parameters } from "../../structured-fields/item.ts";
import { parseDictionary } from "../../structured-fields/parse.ts";
import type { SignatureFault } from "./signature-fault.ts";

/** Longest Signature-Input, characters. */
const MAX_INPUT = 2_048;
/** Longest Signature, characters: RSA keys of 8,192 bits would fit, and are refused for their algorithm, not for their size. */
const MAX_SIGNATURE = 2_048;
const MAX_COMPONENTS = 32;
const MAX_PARAMETERS = 16;

export interface ReceivedSignature {
  readonly label: string;
  readonly components: readonly Item[]; // names as strings, with their parameters
  readonly parameters: Parameters;
  readonly signature: Uint8Array;
}

export type SignatureReading =
  | { readonly kind: "none" }
  | { readonly kind: "signature"; readonly received: ReceivedSignature }
  | { readonly kind: "fault"; readonly reason: SignatureFault };

const NONE: SignatureReading = { kind: "none" };

/**
 * @param input     value of Signature-Input
 * @param signature value of Signature
 * @see RFC 9421, sections 4.1 and 4.2
 */
export function readSignature(input: string | null, signature: string | null): SignatureReading {
  if (input === null && signature === null) return NONE;
  if (input === null || signature === null) return fault("signature_malformed");
  if (input.length > MAX_INPUT || signature.length > MAX_SIGNATURE) return fault("signature_too_large");
  const inputs = parseDictionary(input, "invalid");
  const signatures = parseDictionary(signature, "invalid");
  if (inputs === undefined || signatures === undefined) return fault("signature_malformed");
  if (inputs.size > 1 || signatures.size > 1) return fault("signature_multiple");
  for (const [label, list] of inputs) {
    const value = signatures.get(label);
    if (!isInnerList(list) || value === undefined || isInnerList(value) || value.item.kind !== "bytes") break;
    if (list.items.length > MAX_COMPONENTS || list.parameters.size > MAX_PARAMETERS) return fault("signature_too_large");
    if (list.items.some(({ item }) => item.kind !== "string")) break;
    const { items: components, parameters } = list;
    return { kind: "signature", received: { label, components, parameters, signature: value.item.value } };
  }
  return fault("signature_malformed");
}

function fault(reason: SignatureFault): SignatureReading {
  return { kind: "fault", reason };
}

// What a signature has to say of itself before its key is looked up.
import type { Item, Parameters } from "../../structured-fields/item.ts";
import type { SignatureFault } from "./signature-fault.ts";

export type SignatureAlgorithm = "hmac-sha256" | "ed25519";

/** Bytes of a signature. */
export const SIGNATURE_BYTES: Readonly<Record<SignatureAlgorithm, number>> = { "hmac-sha256": 32, ed25519: 64 };

/** Components that each signature of a request covers. */
export const REQUEST_COMPONENTS = ["@method", "@authority", "@path", "@query"] as const;
/** How far the clock of a caller may be ahead, ms. */
export const MAX_SKEW_MS = 30_000;
/** Longest key id and nonce, characters. */
const MAX_TEXT = 256;

export interface SignatureRules {
  readonly required: readonly string[]; // components without parameters
  readonly windowMs: number; // age that a signature may have, [1_000, 300_000]
  readonly tag: string | undefined; // undefined: any tag, or none
  readonly needsNonce: boolean;
}

/** What a signature says of itself, checked. */
export interface SignatureFacts {
  readonly keyId: string;
  readonly algorithm: string | undefined; // the name that the caller gives; it is compared with the key's, and chooses nothing
  readonly nonce: string | undefined;
  readonly endsAt: number; // epoch ms from which it counts no more
}

/**
 * @param hasBody the request has a body, so that its digest has to be covered
 * @param now     epoch ms
 * @see RFC 9421, sections 2.3, 3.2 and 7.2.1
 */
export function checkSignatureRules(
  components: readonly Item[],
  parameters: Parameters,
  rules: SignatureRules,
  hasBody: boolean,
  now: number,
): SignatureFacts | SignatureFault {
  const covered = new Set(components.filter((component) => component.parameters.size === 0).map(({ item }) => item.value));
  if (!rules.required.every((name) => covered.has(name))) return "signature_component_missing";
  if (hasBody && !covered.has("content-digest")) return "signature_component_missing";
  if (rules.tag !== undefined && textOf(parameters, "tag") !== rules.tag) return "signature_tag";
  const endsAt = endOf(parameters, rules.windowMs, now);
  if (typeof endsAt === "string") return endsAt;
  const keyId = textOf(parameters, "keyid");
  if (keyId === undefined || keyId === "") return "signature_key_missing";
  const nonce = textOf(parameters, "nonce");
  if (nonce === undefined && parameters.has("nonce")) return "signature_malformed";
  if (rules.needsNonce && (nonce === undefined || nonce === "")) return "signature_nonce_missing";
  const algorithm = textOf(parameters, "alg");
  if (algorithm === undefined && parameters.has("alg")) return "signature_algorithm";
  return { keyId, algorithm, nonce, endsAt };
}

/** @returns epoch ms from which the signature counts no more, or why it does not count now */
function endOf(parameters: Parameters, windowMs: number, now: number): number | SignatureFault {
  const created = parameters.get("created");
  const expires = parameters.get("expires");
  if (created?.kind !== "integer") return "signature_created_missing";
  if (expires !== undefined && expires.kind !== "integer") return "signature_malformed";
  const createdAt = created.value * 1_000;
  if (createdAt > now + MAX_SKEW_MS) return "signature_created_future";
  const endsAt = Math.min(createdAt + windowMs, expires === undefined ? Number.POSITIVE_INFINITY : expires.value * 1_000);
  return endsAt > now ? endsAt : "signature_expired";
}

function textOf(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  return value?.kind === "string" && value.value.length <= MAX_TEXT ? value.value : undefined;
}

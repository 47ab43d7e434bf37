// Proves callers by signatures of their requests (RFC 9421): by keys of the configuration, and of agents by those of their directories.

import { type AuthFailure, unauthenticated } from "../../../../core/auth/refusal.ts";
import { parseContentDigest } from "../../../../core/auth/signature/content-digest.ts";
import { signedAuthority } from "../../../../core/auth/signature/derived-component.ts";
import { type ReceivedSignature, readSignature } from "../../../../core/auth/signature/received-signature.ts";
import { signatureBase } from "../../../../core/auth/signature/signature-base.ts";
import { checkSignatureRules, SIGNATURE_BYTES, type SignatureFacts } from "../../../../core/auth/signature/signature-rules.ts";
import type { SignedMessage } from "../../../../core/auth/signature/signed-message.ts";
import type { Authenticator, CallHead, Credential, Proof } from "../authenticator.ts";
import { verifySignature } from "./signature-keys.ts";
import type { Signers } from "./signers.ts";

interface SignatureCredential extends Credential {
  readonly input: string | null; // value of Signature-Input; `text` is that of Signature
}

/**
 * @param signers       who may sign: keys of the configuration, agents, or both
 * @param comparesBodies whether bodies are compared with the digests that are signed
 */
export function signatureAuthenticator(signers: readonly Signers[], comparesBodies = true): Authenticator<SignatureCredential> {
  return {
    name: "signature",
    readsAuthorization: false,
    find({ request: { headers } }) {
      const input = headers.get("signature-input");
      const text = headers.get("signature");
      return input === null && text === null ? undefined : { input, text: text ?? "" };
    },
    prove({ input, text }, head, now) {
      const reading = readSignature(input, text === "" ? null : text);
      if (reading.kind === "fault") return unauthenticated(reading.reason);
      if (reading.kind === "none") return unauthenticated("signature_malformed");
      const tag = reading.received.parameters.get("tag");
      const signer = signers.find(({ takes }) => takes(tag?.kind === "string" ? tag.value : undefined));
      return signer === undefined ? unauthenticated("signature_tag") : proof(signer, reading.received, head, comparesBodies, now);
    },
  };
}

/** What costs least comes first: no key is looked up for a signature that cannot count, and nothing is verified without one. */
async function proof(signers: Signers, received: ReceivedSignature, head: CallHead, comparesBodies: boolean, now: number): Promise<Proof> {
  const { request } = head;
  const hasBody = request.body !== null;
  if (hasBody && isRequestStream(head)) return unauthenticated("signature_stream");
  const { components, parameters } = received;
  const facts = checkSignatureRules(components, parameters, signers.rules, hasBody, now);
  if (typeof facts === "string") return unauthenticated(facts);
  const base = signatureBase(messageOf(head), components, parameters);
  if (base.kind === "fault") return unauthenticated(base.reason);
  const digests = coversDigest(received) ? parseContentDigest(request.headers.get("content-digest") ?? "") : [];
  if (digests === undefined) return unauthenticated("signature_digest_unsupported");
  const signer = await signers.signerOf(facts, received, request.headers, now);
  if ("reason" in signer) return signer;
  const fault = await verified(signer.key, facts, received.signature, base.text);
  if (fault !== undefined) return fault;
  const used = facts.nonce === undefined ? "first" : await signers.nonces.use(`${facts.keyId}\n${facts.nonce}`, facts.endsAt, now);
  if (used === "repeated") return unauthenticated("signature_nonce_repeated");
  if (used === "unavailable") return { kind: "unavailable", reason: "signature_nonces_unavailable" };
  if (digests.length > 0 && comparesBodies) head.digests = digests;
  return { ...signer.principal, expiresAt: facts.endsAt };
}

async function verified(
  key: Parameters<typeof verifySignature>[0],
  { algorithm }: SignatureFacts,
  signature: Uint8Array,
  base: string,
): Promise<AuthFailure | undefined> {
  if (algorithm !== undefined && algorithm !== key.algorithm) return unauthenticated("signature_algorithm");
  const isRightSize = signature.byteLength === SIGNATURE_BYTES[key.algorithm];
  return isRightSize && (await verifySignature(key, signature, base)) ? undefined : unauthenticated("signature_invalid");
}

function isRequestStream({ route: { method } }: CallHead): boolean {
  return method?.methodKind === "client_streaming" || method?.methodKind === "bidi_streaming";
}

function coversDigest({ components }: ReceivedSignature): boolean {
  return components.some(({ item, parameters }) => item.value === "content-digest" && parameters.size === 0);
}

/** The request as its signature sees it: with the path by which its route was found. */
function messageOf({ request, outgoing }: CallHead): SignedMessage {
  const { protocol, host } = new URL(request.url);
  const scheme = protocol === "http:" ? "http" : "https";
  const { path, query } = outgoing;
  const field = (name: string): string | null => request.headers.get(name);
  return { method: request.method, scheme, authority: signedAuthority(scheme, host), path, query, field };
}

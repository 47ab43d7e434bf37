// Who may sign requests with the keys of the configuration, and the contract that agents share with them.
import type { Principal } from "../../../../core/auth/principal.ts";
import { type AuthFailure, unauthenticated } from "../../../../core/auth/refusal.ts";
import type { ReceivedSignature } from "../../../../core/auth/signature/received-signature.ts";
import { REQUEST_COMPONENTS, type SignatureFacts, type SignatureRules } from "../../../../core/auth/signature/signature-rules.ts";
import type { SignatureKeyPolicy, SignaturesPolicy } from "../../../../core/config/auth/signatures.ts";
import type { Nonces } from "./nonces.ts";
import { importKey, keyBytes, type SignatureKey } from "./signature-keys.ts";

/** A key, and who signs with it. */
export interface Signer {
  readonly key: SignatureKey;
  readonly principal: Principal;
}

/** A group of signers that is held to the same rules. */
export interface Signers {
  readonly rules: SignatureRules;
  readonly nonces: Nonces;
  /** Whether signatures with this tag are of this group. */
  takes(tag: string | undefined): boolean;
  /** The signer that a signature names. A promise does not reject. */
  signerOf(
    facts: SignatureFacts,
    received: ReceivedSignature,
    headers: Headers,
    now: number,
  ): Signer | AuthFailure | Promise<Signer | AuthFailure>;
}

/** @param env has the secrets; checked by `signatureProblems` */
export function configuredSigners(
  { keys, windowMs, fields }: SignaturesPolicy,
  env: Readonly<Record<string, unknown>>,
  nonces: Nonces,
): Signers {
  const imported = new Map<string, Signer>();
  return {
    rules: { required: [...REQUEST_COMPONENTS, ...fields], windowMs, tag: undefined, needsNonce: nonces.needsNonce },
    nonces,
    takes: () => true,
    signerOf({ keyId }) {
      const known = imported.get(keyId);
      const policy = keys.get(keyId);
      if (known !== undefined) return known;
      return policy === undefined ? unauthenticated("signature_key_unknown") : importSigner(policy, env, imported);
    },
  };
}

/** Each request imports for itself until one is done: a promise of another request may never settle. */
async function importSigner(
  policy: SignatureKeyPolicy,
  env: Readonly<Record<string, unknown>>,
  imported: Map<string, Signer>,
): Promise<Signer | AuthFailure> {
  try {
    const key = await importKey(policy.algorithm, keyBytes(policy, env));
    const signer: Signer = { key, principal: principalOf(policy) };
    imported.set(policy.id, signer);
    return signer;
  } catch {
    return unauthenticated("signature_key_unknown"); // 32 bytes that are no point of the curve
  }
}

function principalOf({ name, scopes }: SignatureKeyPolicy): Principal {
  return { kind: "service", id: `service:${name}`.slice(0, 256), owner: name, scopes, claims: {}, expiresAt: Number.POSITIVE_INFINITY };
}

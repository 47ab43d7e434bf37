// Agents that sign with the keys of their directories (Web Bot Auth): the verifier is that of all signed requests.
import { type AuthFailure, unauthenticated } from "../../../../core/auth/refusal.ts";
import { AGENT_COMPONENTS, AGENT_FIELD, AGENT_TAG, coveredAgent } from "../../../../core/auth/signature/signature-agent.ts";
import type { AgentsPolicy } from "../../../../core/config/auth/agents.ts";
import type { AgentDirectories } from "./agent-directories.ts";
import type { Nonces } from "./nonces.ts";
import { importKey, publicKeyBytes, type SignatureKey } from "./signature-keys.ts";
import type { Signer, Signers } from "./signers.ts";

/** Imported keys of one isolate. */
const MAX_IMPORTED = 256;

export function agentSigners({ windowMs, scopes }: AgentsPolicy, directories: AgentDirectories, nonces: Nonces): Signers {
  const imported = new Map<string, SignatureKey>(); // keyed by public key
  const signerWith = async (publicKey: string, origin: string, thumbprint: string): Promise<Signer | AuthFailure> => {
    const key = imported.get(publicKey) ?? (await imports(publicKey, imported));
    if (key === undefined) return unauthenticated("signature_key_unknown");
    const id = `agent:${thumbprint}`;
    return { key, principal: { kind: "agent", id, issuer: origin, scopes, claims: {}, expiresAt: Number.POSITIVE_INFINITY } };
  };
  return {
    rules: { required: AGENT_COMPONENTS, windowMs, tag: AGENT_TAG, needsNonce: nonces.needsNonce },
    nonces,
    takes: (tag) => tag === AGENT_TAG,
    signerOf({ keyId }, { components }, headers, now) {
      const origin = coveredAgent(headers.get(AGENT_FIELD), components);
      const found = origin === undefined ? "unknown_agent" : directories.keyOf(origin, keyId, now);
      if (found === "unknown_agent" || origin === undefined) return unauthenticated("signature_agent");
      if (found === "unknown_key") return unauthenticated("signature_key_unknown");
      if (found === "pending") return { kind: "unavailable", reason: "signature_keys_unavailable" };
      return signerWith(found.publicKey, origin, keyId);
    },
  };
}

/** @returns undefined for 32 bytes that are no point of the curve */
async function imports(publicKey: string, imported: Map<string, SignatureKey>): Promise<SignatureKey | undefined> {
  try {
    const key = await importKey("ed25519", publicKeyBytes(publicKey));
    if (imported.size >= MAX_IMPORTED) imported.clear();
    imported.set(publicKey, key);
    return key;
  } catch {
    return undefined;
  }
}

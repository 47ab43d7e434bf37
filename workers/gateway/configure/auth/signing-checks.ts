// Signed requests without the secrets or the Durable Object that they need.
import type { AuthPolicy } from "../../../../core/config/auth.ts";
import type { Problem } from "../../../../core/config/problems.ts";
import { signatureProblems } from "../../auth/signature/signature-keys.ts";
import type { Bindings } from "../../upstream/destination.ts";

export function signingProblems({ signatures, agents }: AuthPolicy, env: Bindings): Problem[] {
  return [...keyProblems(signatures, env), ...(agents !== undefined && env["RELAY"] === undefined ? [WITHOUT_RELAY] : [])];
}

const WITHOUT_RELAY: Problem = {
  path: "auth.agents",
  found: "no binding RELAY",
  fix: "bind the Durable Object class Relay as RELAY in wrangler.toml: it fetches the directories",
};

function keyProblems(signatures: AuthPolicy["signatures"], env: Bindings): Problem[] {
  if (signatures === undefined) return [];
  const problems = signatureProblems(signatures.keys.values(), env);
  if (signatures.replay === "isolate" || env["NONCE_LOG"] !== undefined) return problems;
  const fix = 'bind the Durable Object class NonceLog as NONCE_LOG in wrangler.toml, or write replay: "isolate"';
  return [...problems, { path: "auth.signatures.replay", found: "no binding NONCE_LOG", fix }];
}

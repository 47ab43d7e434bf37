// The keys of `auth.identity.keyBindings`, and what is wrong with them.
import { type IdentityKey, readIdentityKey } from "../../../../core/auth/identity/identity-keys.ts";
import type { IdentityPolicy } from "../../../../core/config/auth/identity.ts";
import type { Problem } from "../../../../core/config/problems.ts";

const PATH = "auth.identity.keyBindings";

/** @returns keys that `identityProblems` has checked, in the order of their bindings. The second secret may not be there yet. */
export function identityKeys(policy: IdentityPolicy | undefined, env: Readonly<Record<string, unknown>>): readonly IdentityKey[] {
  return (policy?.keyBindings ?? []).flatMap((name) => parsed(env[name]) ?? []);
}

export function identityProblems(policy: IdentityPolicy | undefined, env: Readonly<Record<string, unknown>>): Problem[] {
  return (policy?.keyBindings ?? []).flatMap((name, index) => {
    const secret = env[name];
    if (parsed(secret) !== undefined || (secret === undefined && index > 0)) return [];
    const fix = `set the secret ${name} by "npm run identity -- new": --local for .dev.vars, without it for the account`;
    // The text of a secret is in no message.
    const found = secret === undefined ? "no secret of that name" : `a secret ${name} that is no private Ed25519 key with kid and from`;
    return [{ path: PATH, found, fix, ...(secret === undefined && { missingSecret: name }) }];
  });
}

function parsed(secret: unknown): IdentityKey | undefined {
  if (typeof secret !== "string") return undefined;
  try {
    return readIdentityKey(JSON.parse(secret));
  } catch {
    return undefined;
  }
}

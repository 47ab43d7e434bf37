// API keys of a configuration: whether their Durable Objects are bound, and their secrets hard to guess.
import { asciiBytes, type HmacKey, hmacKey } from "../../../../core/auth/sha256.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import type { Problem } from "../../../../core/config/problems.ts";

/** The environment of the Worker. */
type Bindings = Readonly<Record<string, unknown>>;

const MIN_SECRET_LENGTH = 32; // characters
const OBJECTS = { KEY_STORE: "KeyStore", RELAY: "Relay" } as const;

export function keyProblems(policy: KeysPolicy | undefined, env: Bindings): Problem[] {
  if (policy === undefined) return [];
  const path = "auth.keys";
  const { tagSecrets, tokenBinding } = policy;
  const objects = Object.entries(OBJECTS).flatMap(([binding, className]): Problem[] => {
    if (env[binding] !== undefined) return [];
    return [{ path, found: `no binding ${binding}`, fix: `bind the Durable Object class ${className} as ${binding} in wrangler.toml` }];
  });
  const tags = tagSecrets.flatMap((secret, index) => secretProblems(`${path}.tagSecrets[${index}]`, secret, env));
  return [...objects, ...tags, ...(tokenBinding === undefined ? [] : secretProblems(`${path}.tokenBinding`, tokenBinding, env))];
}

/** @returns the secrets of the tags, the current one first; they have been checked */
export function tagKeys({ tagSecrets }: KeysPolicy, env: Bindings): HmacKey[] {
  return tagSecrets.map((name) => hmacKey(asciiBytes(String(env[name]))));
}

/** @returns the bearer token of KeyService; "" where it is not served */
export function keysToken(policy: KeysPolicy | undefined, env: Bindings): string {
  return policy?.tokenBinding === undefined ? "" : String(env[policy.tokenBinding]);
}

function secretProblems(path: string, secret: string, env: Bindings): Problem[] {
  const value = env[secret];
  if (typeof value === "string" && value.length >= MIN_SECRET_LENGTH) return [];
  const fix = `set the secret ${secret} to at least ${MIN_SECRET_LENGTH} characters: ${secret}=... in .dev.vars here, wrangler secret put ${secret} when deployed`;
  if (value === undefined) return [{ path, found: "no secret of that name", fix, missingSecret: secret }];
  return [{ path, found: typeof value === "string" ? "a shorter secret" : `a binding ${secret} that is no secret`, fix }];
}

// The admin services of a configuration: whether each has its Durable Object, and a secret that is hard to guess.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { Problem } from "../../../core/config/problems.ts";
import type { Bindings } from "../upstream/destination.ts";

const MIN_SECRET_LENGTH = 16; // characters

/** The admin services, by the setting that turns each on. */
const ADMIN_SERVICES = {
  registry: { binding: "HASH_RING", className: "HashRing" },
  purge: { binding: "PURGE_LOG", className: "PurgeLog" },
  breakers: { binding: "CIRCUIT_BREAKER", className: "CircuitBreaker" },
} as const;
type AdminService = keyof typeof ADMIN_SERVICES;
const NAMES = Object.keys(ADMIN_SERVICES) as AdminService[];

/** The bearer token of each admin service; "" for one that is not served. */
export type AdminTokens = Readonly<Record<AdminService, string>>;

/** @returns tokens that `adminProblems` has checked */
export function adminTokens(policy: GatewayPolicy, env: Bindings): AdminTokens {
  const tokenOf = (name: AdminService): string => (policy[name] === undefined ? "" : String(env[policy[name].tokenBinding]));
  return { registry: tokenOf("registry"), purge: tokenOf("purge"), breakers: tokenOf("breakers") };
}

export function adminProblems(policy: GatewayPolicy, env: Bindings): Problem[] {
  return NAMES.flatMap((name) => {
    const settings = policy[name];
    return settings === undefined ? [] : [...objectProblems(name, env), ...secretProblems(name, settings.tokenBinding, env)];
  });
}

function objectProblems(path: AdminService, env: Bindings): Problem[] {
  const { binding, className } = ADMIN_SERVICES[path];
  if (env[binding] !== undefined) return [];
  return [{ path, found: `no binding ${binding}`, fix: `bind the Durable Object class ${className} as ${binding} in wrangler.toml` }];
}

function secretProblems(service: AdminService, secret: string, env: Bindings): Problem[] {
  const token = env[secret];
  if (typeof token === "string" && token.length >= MIN_SECRET_LENGTH) return [];
  const path = `${service}.tokenBinding`;
  const fix = `set the secret ${secret} to at least ${MIN_SECRET_LENGTH} characters: ${secret}=... in .dev.vars here, wrangler secret put ${secret} when deployed`;
  if (token === undefined) return [{ path, found: "no secret of that name", fix, missingSecret: secret }];
  return [{ path, found: typeof token === "string" ? "a shorter secret" : `a binding ${secret} that is no secret`, fix }];
}

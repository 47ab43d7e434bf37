// The admin services of a configuration: whether each has its Durable Object, and a credential that is hard to guess.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { Problem } from "../../../core/config/problems.ts";
import { keysToken } from "../auth/keys/key-checks.ts";
import type { Bindings } from "../upstream/destination.ts";

const MIN_SECRET_LENGTH = 32; // characters
const MIN_TOKEN_LENGTH = 16; // characters, of a `tokenBinding`

/** The bindings of the admin services and their classes, by the setting that turns each on. A relay brings changes to the isolates. */
const ADMIN_SERVICES = {
  registry: { HASH_RING: "HashRing", RELAY: "Relay" },
  purge: { PURGE_LOG: "PurgeLog", RELAY: "Relay" },
  breakers: { CIRCUIT_BREAKER: "CircuitBreaker" },
} as const;
type AdminService = keyof typeof ADMIN_SERVICES;
const NAMES = Object.keys(ADMIN_SERVICES) as AdminService[];

/** The secret of each admin service, "" for none, and that of all of them. */
export interface AdminTokens {
  readonly services: Readonly<Record<AdminService | "keys" | "metrics", string>>;
  readonly secret: string;
}

/** @returns tokens that `adminProblems` has checked */
export function adminTokens(policy: GatewayPolicy, env: Bindings): AdminTokens {
  const secretValue = (name: string | undefined): string => (name === undefined ? "" : String(env[name]));
  const tokenOf = (name: AdminService): string => secretValue(policy[name]?.tokenBinding);
  const services = {
    registry: tokenOf("registry"),
    purge: tokenOf("purge"),
    breakers: tokenOf("breakers"),
    keys: keysToken(policy.auth.keys, env),
    metrics: secretValue(policy.metrics.tokenBinding),
  };
  return { services, secret: secretValue(policy.admin?.secretBinding) };
}

export function adminProblems(policy: GatewayPolicy, env: Bindings): Problem[] {
  const { admin } = policy;
  const services = NAMES.flatMap((name) => {
    const settings = policy[name];
    if (settings === undefined) return [];
    return [...objectProblems(name, ADMIN_SERVICES[name], env), ...credentialProblems(name, settings.tokenBinding, policy, env)];
  });
  services.push(...metricsProblems(policy, env));
  if (admin === undefined) return services;
  const secret =
    admin.secretBinding === undefined ? [] : secretProblems("admin.secretBinding", admin.secretBinding, MIN_SECRET_LENGTH, env);
  const own = [...objectProblems("admin", { AUDIT_LOG: "AuditLog" }, env), ...secret, ...hostProblems(policy)];
  return [...services, ...own, ...controlProblems(policy, env)];
}

function metricsProblems({ metrics: { tokenBinding } }: GatewayPolicy, env: Bindings): Problem[] {
  if (tokenBinding === undefined) return [];
  const path = "metrics.tokenBinding";
  return [
    ...objectProblems(path, { TELEMETRY: "Telemetry", RELAY: "Relay" }, env),
    ...secretProblems(path, tokenBinding, MIN_SECRET_LENGTH, env),
  ];
}

function controlProblems({ control }: GatewayPolicy, env: Bindings): Problem[] {
  if (control === undefined) return [];
  const objects = objectProblems("control", { CONTROL_PLANE: "ControlPlane", RELAY: "Relay" }, env);
  if (control.kv === undefined || env[control.kv] !== undefined) return objects;
  const fix = `bind a KV namespace as ${control.kv} in wrangler.toml: [[kv_namespaces]]`;
  return [...objects, { path: "control.kv", found: `no binding ${control.kv}`, fix }];
}

function objectProblems(path: string, classes: Readonly<Record<string, string>>, env: Bindings): Problem[] {
  return Object.entries(classes).flatMap(([binding, className]) => {
    if (env[binding] !== undefined) return [];
    return [{ path, found: `no binding ${binding}`, fix: `bind the Durable Object class ${className} as ${binding} in wrangler.toml` }];
  });
}

function credentialProblems(service: AdminService, token: string | undefined, { admin }: GatewayPolicy, env: Bindings): Problem[] {
  if (token !== undefined) return secretProblems(`${service}.tokenBinding`, token, MIN_TOKEN_LENGTH, env);
  if (admin !== undefined) return [];
  return [
    {
      path: service,
      found: "no credential for its callers",
      fix: 'say who may call it: admin: { secretBinding: "ADMIN_SECRET" } at the top',
    },
  ];
}

function secretProblems(path: string, secret: string, length: number, env: Bindings): Problem[] {
  const token = env[secret];
  if (typeof token === "string" && token.length >= length) return [];
  const fix = `set the secret ${secret} to at least ${length} characters: ${secret}=... in .dev.vars here, wrangler secret put ${secret} when deployed`;
  if (token === undefined) return [{ path, found: "no secret of that name", fix, missingSecret: secret }];
  return [{ path, found: typeof token === "string" ? "a shorter secret" : `a binding ${secret} that is no secret`, fix }];
}

/** A page of the same origin as the admin services calls them with the cookies of an admin, and may read what they respond. */
function hostProblems({ admin, httpRoutes }: GatewayPolicy): Problem[] {
  const [prefix] = httpRoutes.keys();
  if (prefix === undefined || admin?.host !== undefined) return [];
  return [
    {
      path: "admin.host",
      found: `none beside httpRoutes ${prefix}, which may send pages`,
      fix: 'write a host for admin services alone: "admin.example.com"',
    },
  ];
}

// The admin services of the gateway (registry, breakers, purge): which secret their callers bring, and how soon isolates learn of changes.
import type { Checks } from "./problems.ts";

export interface RegistryInput {
  /** Name of the secret that registering calls bring as bearer token: `wrangler secret put REGISTRY_TOKEN`. */
  readonly tokenBinding: string;
  /** Whether addresses of private networks and of this machine may be registered. Default false. */
  readonly allowPrivate?: boolean;
  /** Hosts of the gateway itself, which can't be registered. */
  readonly ownHosts?: readonly string[];
  /** How old an isolate's list may get before it asks for a new one, behind an answer. Default 5 000 ms. */
  readonly pollMs?: number;
}

export interface RegistryPolicy extends Required<RegistryInput> {}

export function parseRegistry(check: Checks, value: unknown): RegistryPolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields("registry", value, ["tokenBinding", "allowPrivate", "ownHosts", "pollMs"]);
  const tokenBinding = fields["tokenBinding"];
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("registry.tokenBinding", tokenBinding, 'write the name of a secret: "REGISTRY_TOKEN"');
  const ownHosts = fields["ownHosts"] ?? [];
  const areHosts = Array.isArray(ownHosts) && ownHosts.every((host) => typeof host === "string" && /^[\w.:-]+$/.test(host));
  if (!areHosts) check.report("registry.ownHosts", ownHosts, 'write a list of hosts: ["api.example.com"]');
  return {
    tokenBinding: String(tokenBinding),
    allowPrivate: check.oneOf("registry.allowPrivate", fields["allowPrivate"], [true, false], false),
    ownHosts: areHosts ? ownHosts : [],
    pollMs: check.integer("registry.pollMs", fields["pollMs"], { min: 100, max: 600_000, fallback: 5_000, unit: "ms" }),
  };
}

export interface BreakerAdminInput {
  /** Name of the secret that calls of tidegate.breaker.v1 bring as bearer token: `wrangler secret put OPERATOR_TOKEN`. */
  readonly tokenBinding: string;
}

export interface BreakerAdminPolicy extends Required<BreakerAdminInput> {}

export function parseBreakerAdmin(check: Checks, value: unknown): BreakerAdminPolicy | undefined {
  if (value === undefined) return undefined;
  const { tokenBinding } = check.fields("breakers", value, ["tokenBinding"]);
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("breakers.tokenBinding", tokenBinding, 'write the name of a secret: "OPERATOR_TOKEN"');
  return { tokenBinding: String(tokenBinding) };
}

export interface PurgeInput {
  /** Name of the secret that purging calls bring as bearer token: `wrangler secret put CACHE_TOKEN`. */
  readonly tokenBinding: string;
  /** How old an isolate's knowledge of purges may get before it asks for news, behind an answer. Default 5 000 ms. */
  readonly pollMs?: number;
  /** Whether nothing is served from the cache by an isolate that can't ask. Default false: it serves on. */
  readonly strict?: boolean;
  /** How long a call waits for the news where its isolate had no calls for longer than that. Default 250 ms. */
  readonly waitMs?: number;
}

export interface PurgePolicy extends Required<PurgeInput> {}

export function parsePurge(check: Checks, value: unknown): PurgePolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields("purge", value, ["tokenBinding", "pollMs", "strict", "waitMs"]);
  const tokenBinding = fields["tokenBinding"];
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("purge.tokenBinding", tokenBinding, 'write the name of a secret: "CACHE_TOKEN"');
  return {
    tokenBinding: String(tokenBinding),
    pollMs: check.integer("purge.pollMs", fields["pollMs"], { min: 100, max: 600_000, fallback: 5_000, unit: "ms" }),
    strict: check.oneOf("purge.strict", fields["strict"], [true, false], false),
    waitMs: check.integer("purge.waitMs", fields["waitMs"], { min: 1, max: 10_000, fallback: 250, unit: "ms" }),
  };
}

// Settings of the admin services (registry, breakers, purge, keys): who may call them, and how soon isolates learn of changes.
import * as v from "valibot";
import { ADMIN_ROLES, type AdminRole } from "../auth/admin-role.ts";
import { type Checks, join } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, choice, flag, type InputOf, list, type PolicyOf, readByCode, secretName, setting, text, whole } from "./setting.ts";

const NO_TOKEN = { shownDefault: "none" };
const HOST_FIX = 'write a host, with a port where it is not the usual one: "admin.example.com"';
const MAX_NAMED = 1_000; // callers with a role

const HOSTS_FIX = 'write a list of at most 100 hosts: ["api.example.com"]';
const PORTS_UNIT = "port";
const PORTS_FIX = "write a list of at most 100 ports: [443, 8443]";
const pollMs = whole(100, 600_000, "ms");

export const REGISTRY_SETTINGS = block({
  tokenBinding: setting(
    secretName("REGISTRY_TOKEN"),
    undefined,
    "Deprecated: use `admin` at the top, which has one credential for all admin services, and roles. Secret, at least 16 characters, that registering calls send as bearer token: `wrangler secret put REGISTRY_TOKEN`.",
    NO_TOKEN,
  ),
  allowPrivate: setting(
    flag,
    false,
    "Whether addresses of private networks and of this machine may be registered, and names that lead to them by convention; also in plain HTTP, and at any port from 1024 that is not known for another protocol. Only where the gateway runs locally: Cloudflare's network does not lead to them.",
  ),
  allowIpAddresses: setting(
    flag,
    false,
    "Whether public IP addresses may be registered. Only where the gateway runs locally: Cloudflare refuses calls to them (error 1003).",
  ),
  allowHttp: setting(flag, false, "Whether public hosts may be registered with `http://`; at ports 80 and 8080, too."),
  allowPorts: setting(
    list(whole(1, 65_535, PORTS_UNIT), 100, PORTS_FIX, "ports"),
    [443, 8_443],
    "Ports at which public hosts may be registered.",
  ),
  ownHosts: setting(
    list(text(/^[^\s/?#@\\]+$/, HOSTS_FIX), 100, HOSTS_FIX, "hosts"),
    [],
    "Hosts of the gateway itself, which cannot be registered: with a port only at that port, else at any. The host at which a registration arrives never can.",
  ),
  pollMs: setting(
    pollMs,
    5_000,
    "Interval of the background exchange that brings endpoint lists; the shortest one of `registry.pollMs`, `purge.pollMs` and 5,000 holds for all.",
  ),
});

export type RegistryInput = InputOf<typeof REGISTRY_SETTINGS>;
export interface RegistryPolicy extends PolicyOf<typeof REGISTRY_SETTINGS> {}

export const BREAKER_ADMIN_SETTINGS = block({
  tokenBinding: setting(
    secretName("OPERATOR_TOKEN"),
    undefined,
    "Deprecated: use `admin` at the top, which has one credential for all admin services, and roles. Secret, at least 16 characters, that calls of `tidegate.breaker.v1.BreakerService` send as bearer token.",
    NO_TOKEN,
  ),
});

export type BreakerAdminInput = InputOf<typeof BREAKER_ADMIN_SETTINGS>;
export interface BreakerAdminPolicy extends PolicyOf<typeof BREAKER_ADMIN_SETTINGS> {}

export const PURGE_SETTINGS = block({
  tokenBinding: setting(
    secretName("CACHE_TOKEN"),
    undefined,
    "Deprecated: use `admin` at the top, which has one credential for all admin services, and roles. Secret, at least 16 characters, that purging calls send as bearer token: `wrangler secret put CACHE_TOKEN`.",
    NO_TOKEN,
  ),
  pollMs: setting(
    pollMs,
    5_000,
    "Interval of the background exchange that brings purges; the shortest one of `purge.pollMs`, `registry.pollMs` and 5,000 holds for all.",
  ),
  strict: setting(
    flag,
    false,
    "Whether an isolate serves nothing from the cache while it does not know the purges of the last two intervals and a second: such calls wait for them for up to `waitMs`, then go to the upstream.",
  ),
  waitMs: setting(
    whole(1, 10_000, "ms"),
    250,
    "`strict` only: how long a call waits for the purges where its isolate had no calls for too long.",
  ),
});

export type PurgeInput = InputOf<typeof PURGE_SETTINGS>;
export interface PurgePolicy extends PolicyOf<typeof PURGE_SETTINGS> {}

export const ADMIN_SETTINGS = block({
  secretBinding: setting(
    secretName("ADMIN_SECRET"),
    undefined,
    "Secret, at least 32 characters, whose bearer has the role admin: `wrangler secret put ADMIN_SECRET`. Without it, only API keys with the scope `admin:viewer`, `admin:operator` or `admin:admin`, and callers of `roles`.",
    NO_TOKEN,
  ),
  host: setting(
    v.pipe(text(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/i, HOST_FIX, "host"), v.toLowerCase()),
    undefined,
    "The only host at which admin services are served; nothing else is served there but `/healthz` and the console. Other static files (`[assets]` of wrangler.toml) are at every host. Required beside `httpRoutes`, whose upstreams may send pages that could otherwise call them.",
    { shownDefault: "every host" },
  ),
  roles: readByCode(
    v.record(v.string(), choice(ADMIN_ROLES)),
    "Roles of callers that Cloudflare Access has proven, by e-mail address or principal id: `viewer` lists, `operator` changes, `admin` also gives access.",
    { shape: "a role, by address or id", shownDefault: "none: no caller of Access is an admin" },
  ),
});

export type AdminInput = InputOf<typeof ADMIN_SETTINGS>;

export interface AdminPolicy {
  readonly secretBinding: string | undefined;
  readonly host: string | undefined;
  readonly roles: ReadonlyMap<string, AdminRole>; // keys: an e-mail address in lower case, or an id
}

/** @returns undefined where nothing is written */
export function parseAdmin(check: Checks, path: string, value: unknown): AdminPolicy | undefined {
  if (value === undefined) return undefined;
  const { secretBinding, host, roles: written } = readBlock(check, path, ADMIN_SETTINGS, value);
  const named = check.entries(`${path}.roles`, written);
  if (named.length > MAX_NAMED) check.report(`${path}.roles`, `${named.length} callers`, `name at most ${MAX_NAMED}`);
  const roles = new Map<string, AdminRole>();
  for (const [name, role] of named) {
    if (ADMIN_ROLES.includes(role as AdminRole)) roles.set(name.includes("://") ? name : name.toLowerCase(), role as AdminRole);
    else check.report(`${path}.roles.${name}`, role, 'write "viewer" or "operator" or "admin"');
  }
  return { secretBinding, host, roles };
}

/** Endpoints may register only where there is a registry. @param registry the setting as it was written: with a problem in it, it is there all the same */
export function checkRegistrations(
  check: Checks,
  services: ReadonlyMap<string, { readonly upstream: { readonly registry: boolean } }>,
  registry: unknown,
): void {
  if (registry !== undefined) return;
  const fix = 'say who may register: registry: { tokenBinding: "REGISTRY_TOKEN" } at the top';
  for (const [name, { upstream }] of services)
    if (upstream.registry) check.report(`${join("services", name)}.upstream.registry`, true, fix);
}

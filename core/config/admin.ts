// Settings of the admin services (registry, breakers, purge): the secret that their callers send, and how soon isolates learn of changes.
import { block, flag, type InputOf, list, type PolicyOf, required, secretName, setting, text, whole } from "./setting.ts";

const HOSTS_FIX = 'write a list of hosts: ["api.example.com"]';
const pollMs = whole(100, 600_000, "ms");

export const REGISTRY_SETTINGS = block({
  tokenBinding: required(
    secretName("REGISTRY_TOKEN"),
    "Secret, at least 16 characters, that registering calls send as bearer token: `wrangler secret put REGISTRY_TOKEN`.",
  ),
  allowPrivate: setting(flag, false, "Whether addresses of private networks and of this machine may be registered."),
  ownHosts: setting(
    list(text(/^[\w.:-]+$/, HOSTS_FIX, ""), Number.POSITIVE_INFINITY, HOSTS_FIX, "hosts"),
    [],
    "Hosts of the gateway itself, which cannot be registered.",
  ),
  pollMs: setting(pollMs, 5_000, "Age at which an isolate requests a new endpoint list, in the background."),
});

export type RegistryInput = InputOf<typeof REGISTRY_SETTINGS>;
export interface RegistryPolicy extends PolicyOf<typeof REGISTRY_SETTINGS> {}

export const BREAKER_ADMIN_SETTINGS = block({
  tokenBinding: required(
    secretName("OPERATOR_TOKEN"),
    "Secret, at least 16 characters, that calls of `tidegate.breaker.v1.BreakerService` send as bearer token.",
  ),
});

export type BreakerAdminInput = InputOf<typeof BREAKER_ADMIN_SETTINGS>;
export interface BreakerAdminPolicy extends PolicyOf<typeof BREAKER_ADMIN_SETTINGS> {}

export const PURGE_SETTINGS = block({
  tokenBinding: required(
    secretName("CACHE_TOKEN"),
    "Secret, at least 16 characters, that purging calls send as bearer token: `wrangler secret put CACHE_TOKEN`.",
  ),
  pollMs: setting(pollMs, 5_000, "Age at which an isolate requests the latest purges, in the background."),
  strict: setting(flag, false, "Whether an isolate that cannot get the purges serves nothing from the cache."),
  waitMs: setting(
    whole(1, 10_000, "ms"),
    250,
    "How long a call waits for the purges if its isolate had no calls for longer than `pollMs` and a second.",
  ),
});

export type PurgeInput = InputOf<typeof PURGE_SETTINGS>;
export interface PurgePolicy extends PolicyOf<typeof PURGE_SETTINGS> {}

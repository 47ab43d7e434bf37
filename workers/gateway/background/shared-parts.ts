// What all routes of a version share, taken from the parts of the isolate where versions say the same of it.
import type { ConcurrencyPolicy } from "../../../core/config/overload.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import { authentication } from "../auth/authenticators.ts";
import type { ApiKeys } from "../auth/keys/api-keys.ts";
import { isolateKeys } from "../auth/keys/isolate-keys.ts";
import { tagKeys } from "../auth/keys/key-checks.ts";
import { createCaches } from "../cache/caches.ts";
import { KnownPurges, PurgeView } from "../cache/purge/purge-view.ts";
import { ConcurrencyScope, ISOLATE } from "../call/concurrency-scope.ts";
import type { CallObserver } from "../call/end/call-end.ts";
import type { GatewayBindings } from "../configure/bindings.ts";
import type { Configuration } from "../configure/configuration.ts";
import { collectLimiter, collectScope, collectStored } from "../metrics/collectors.ts";
import type { SharedParts } from "../pipeline.ts";
import type { Limiters } from "../rate-limit/charging.ts";
import { LimiterCounters } from "../rate-limit/counters.ts";
import { ExactBuckets } from "../rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "../rate-limit/leased-buckets.ts";
import { LocalBuckets } from "../rate-limit/local-buckets.ts";
import { PlatformLimits } from "../rate-limit/platform-limits.ts";
import { MAX_BUCKETS } from "../rate-limit/rate-limiter.ts";
import { tracerOf } from "../tracing/tracer.ts";

export function scopeOf(name: string, policy: ConcurrencyPolicy, { parts, metrics }: Configuration): ConcurrencyScope {
  const scope = parts.get(`scope ${name}`, policy, () => new ConcurrencyScope(name, policy));
  metrics?.collectPart(`scope ${name}`, scope, collectScope(scope), parts);
  return scope;
}

export function sharedParts(
  configuration: Configuration,
  bindings: GatewayBindings,
  purges: PurgeView | undefined,
  keys: ApiKeys | undefined,
  memory: ByteBudget,
  observer: CallObserver | undefined,
): SharedParts {
  const { policy, endpoints, types, validate, exchange, parts, metrics } = configuration;
  const caches = createCaches(policy, endpoints, purges, bindings.cache, memory, parts);
  metrics?.collectPart("stored responses", caches.stores, collectStored(caches.stores), parts);
  return {
    gateway: { overload: policy.overload, rest: policy.rest },
    limiters: limitersOf(policy.rateLimitShards, bindings, configuration),
    scope: scopeOf(ISOLATE, policy.overload.isolate, configuration),
    caches,
    types,
    validator: validate,
    auth: parts.get("authentication", { auth: policy.auth, keys, exchange }, () =>
      authentication(policy.auth, { exchange, nonceLogs: bindings.nonceLogs, env: configuration.env, keys, parts }),
    ),
    expressions: configuration.expressions,
    layers: configuration.layers,
    observer,
    tracer: tracerOf(policy.tracing, configuration.env, parts),
    secretOf: (name) => String(configuration.env[name]), // the configuration has been checked: it is a text
  };
}

function limitersOf(shards: number, bindings: GatewayBindings, { env, parts, metrics }: Configuration): Limiters {
  const buckets = bindings.buckets!; // the configuration has been checked: the binding exists where a route is limited
  const counters = parts.get("limiter counters", undefined, () => new LimiterCounters());
  metrics?.collectPart("limiters", counters, collectLimiter(counters), parts);
  return {
    local: parts.get("local buckets", undefined, () => new PlatformLimits(new LocalBuckets(MAX_BUCKETS), env)),
    leased: parts.get("leases", shards, () => new LeasedBuckets(buckets, shards, MAX_BUCKETS, counters)),
    exact: parts.get("exact buckets", shards, () => new ExactBuckets(buckets, shards, counters)),
  };
}

export function keysOf({ policy: { auth }, exchange, env, parts }: Configuration): ApiKeys | undefined {
  if (auth.keys === undefined || exchange === undefined) return undefined;
  const { keys } = auth;
  return parts.get("API keys of callers", keys, () => isolateKeys(keys, tagKeys(keys, env), exchange, parts));
}

export function purgeViewOf({ policy, exchange, parts }: Configuration, { purgeLogs }: GatewayBindings): PurgeView | undefined {
  if (purgeLogs === undefined || exchange === undefined || policy.purge === undefined) return undefined;
  const create = (): KnownPurges => {
    const made = new KnownPurges();
    exchange.add(made);
    return made;
  };
  const known = parts.get("purges", undefined, create, (ended) => exchange.remove(ended));
  const { purge } = policy;
  return parts.get("purge view", purge, () => new PurgeView({ logs: purgeLogs, exchange, ...purge }, known));
}

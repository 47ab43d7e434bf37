// The bindings of the Worker that the gateway itself uses: read once from the environment, each with its type.
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import type { CircuitBreaker } from "../../../durable-objects/circuit-breaker.ts";
import type { HashRing } from "../../../durable-objects/hash-ring.ts";
import type { KeyStore } from "../../../durable-objects/key-store.ts";
import type { NonceLog } from "../../../durable-objects/nonce-log.ts";
import type { TokenBuckets } from "../../../durable-objects/token-buckets.ts";
import type { TelemetryObjects } from "../admin/telemetry/metrics-methods.ts";
import type { TapObjects } from "../admin/telemetry/tap.ts";
import type { CacheNamespace } from "../cache/l2/kv.ts";
import type { PurgeLogNamespace } from "../cache/purge/purge-log-binding.ts";
import type { ControlPlaneNamespace } from "../control/plane-binding.ts";
import type { Bindings } from "../upstream/destination.ts";

/** Each is undefined where wrangler.toml does not have it; the checks of the configuration report one that is needed. */
export interface GatewayBindings {
  readonly buckets: DurableObjectNamespace<TokenBuckets> | undefined; // TOKEN_BUCKET, for rate limits
  readonly rings: DurableObjectNamespace<HashRing> | undefined; // HASH_RING, for endpoints that register and for health checks
  readonly breakers: DurableObjectNamespace<CircuitBreaker> | undefined; // CIRCUIT_BREAKER, for breakers that isolates share
  readonly purgeLogs: PurgeLogNamespace | undefined; // PURGE_LOG, for purges of the cache
  readonly nonceLogs: DurableObjectNamespace<NonceLog> | undefined; // NONCE_LOG, for signed requests that count once in the world
  readonly keys: DurableObjectNamespace<KeyStore> | undefined; // KEY_STORE, for API keys
  readonly audits: DurableObjectNamespace<AuditLog> | undefined; // AUDIT_LOG, for changes by admins
  readonly controlPlanes: ControlPlaneNamespace | undefined; // CONTROL_PLANE, for versions of the configuration
  readonly telemetry: (TelemetryObjects & TapObjects) | undefined; // TELEMETRY, for metrics
  readonly cache: CacheNamespace | undefined; // CACHE, the KV namespace of the cache
}

/** The Workers runtime gives a binding the type that wrangler.toml declares; from here on nothing is cast. */
export function readBindings(env: Bindings): GatewayBindings {
  return {
    buckets: env["TOKEN_BUCKET"] as GatewayBindings["buckets"],
    rings: env["HASH_RING"] as GatewayBindings["rings"],
    breakers: env["CIRCUIT_BREAKER"] as GatewayBindings["breakers"],
    purgeLogs: env["PURGE_LOG"] as GatewayBindings["purgeLogs"],
    nonceLogs: env["NONCE_LOG"] as GatewayBindings["nonceLogs"],
    keys: env["KEY_STORE"] as GatewayBindings["keys"],
    audits: env["AUDIT_LOG"] as GatewayBindings["audits"],
    controlPlanes: env["CONTROL_PLANE"] as GatewayBindings["controlPlanes"],
    telemetry: env["TELEMETRY"] as GatewayBindings["telemetry"],
    cache: env["CACHE"] as GatewayBindings["cache"],
  };
}

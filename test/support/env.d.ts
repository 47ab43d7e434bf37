// What the tests in workerd find in their environment.
declare namespace Cloudflare {
  interface Env {
    AUDIT_LOG: DurableObjectNamespace<import("../../durable-objects/audit-log.ts").AuditLog>;
    CIRCUIT_BREAKER: DurableObjectNamespace<import("../../durable-objects/circuit-breaker.ts").CircuitBreaker>;
    CONTROL_PLANE: DurableObjectNamespace<import("../../durable-objects/control-plane.ts").ControlPlane>;
    TELEMETRY: DurableObjectNamespace<import("../../durable-objects/telemetry.ts").Telemetry>;
    HASH_RING: DurableObjectNamespace<import("../../durable-objects/hash-ring.ts").HashRing>;
    KEY_STORE: DurableObjectNamespace<import("../../durable-objects/key-store.ts").KeyStore>;
    NONCE_LOG: DurableObjectNamespace<import("../../durable-objects/nonce-log.ts").NonceLog>;
    PURGE_LOG: DurableObjectNamespace<import("../../durable-objects/purge-log.ts").PurgeLog>;
    RELAY: DurableObjectNamespace<import("../../durable-objects/relay.ts").Relay>;
    CACHE: KVNamespace;
    TOKEN_BUCKET: DurableObjectNamespace<import("../../durable-objects/token-buckets.ts").TokenBuckets>;
    USERS: Fetcher;
    ORDERS: Fetcher;
  }
}

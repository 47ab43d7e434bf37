// What the tests in workerd find in their environment.
declare namespace Cloudflare {
  interface Env {
    CIRCUIT_BREAKER: DurableObjectNamespace<import("../../durable-objects/circuit-breaker.ts").CircuitBreaker>;
    HASH_RING: DurableObjectNamespace<import("../../durable-objects/hash-ring.ts").HashRing>;
    PURGE_LOG: DurableObjectNamespace<import("../../durable-objects/purge-log.ts").PurgeLog>;
    CACHE: KVNamespace;
    TOKEN_BUCKET: DurableObjectNamespace<import("../../durable-objects/token-bucket.ts").TokenBucket>;
    USERS: Fetcher;
    ORDERS: Fetcher;
  }
}

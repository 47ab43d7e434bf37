// What the tests in workerd find in their environment.
declare namespace Cloudflare {
  interface Env {
    CIRCUIT_BREAKER: DurableObjectNamespace<import("../../durable-objects/circuit-breaker.ts").CircuitBreaker>;
    HASH_RING: DurableObjectNamespace<import("../../durable-objects/hash-ring.ts").HashRing>;
    TOKEN_BUCKET: DurableObjectNamespace<import("../../durable-objects/token-bucket.ts").TokenBucket>;
    USERS: Fetcher;
    ORDERS: Fetcher;
  }
}

// What the tests in workerd find in their environment.
declare namespace Cloudflare {
  interface Env {
    TOKEN_BUCKET: DurableObjectNamespace<import("../../durable-objects/token-bucket.ts").TokenBucket>;
    USERS: Fetcher;
    ORDERS: Fetcher;
  }
}

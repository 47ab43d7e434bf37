// The export `tidegate/idempotency`: what a Worker uses to record the responses of calls with an idempotency key.

export { type IdempotencyKey, idempotencyKey, idempotencyKeyOf } from "./service/idempotency/idempotency-key.ts";
export { IdempotencyStore } from "./service/idempotency/object/idempotency-store.ts";
export { deleteExpiredKeys, type OnceResult, once, onceResponse, recorded } from "./service/idempotency/once.ts";

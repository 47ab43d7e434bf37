// Gateway and Durable Objects in one script: a test that sets the clock sets that of one isolate, and both have to read it.
export * from "../../durable-objects/index.ts";
export { IdempotencyStore } from "../../workers/idempotency.ts";
export { default } from "./shipped/index.ts";

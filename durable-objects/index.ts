// The Worker of the Durable Objects. It is small and deployed rarely: each deploy restarts all of its objects.
export { AuditLog } from "./audit-log.ts";
export { CircuitBreaker } from "./circuit-breaker.ts";
export { ControlPlane } from "./control-plane.ts";
export { HashRing } from "./hash-ring.ts";
export { KeyStore } from "./key-store.ts";
export { NonceLog } from "./nonce-log.ts";
export { PurgeLog } from "./purge-log.ts";
export { Relay } from "./relay.ts";
export { Telemetry } from "./telemetry.ts";
export { TokenBuckets } from "./token-buckets.ts";

/** Only the gateway calls the objects, through its bindings: this Worker has no public address. */
export default { fetch: (): Response => new Response("not found\n", { status: 404 }) };

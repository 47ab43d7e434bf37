// The classes of this Worker. A new class is a line here, one in index.ts, and its tables in both wrangler.toml: a test compares them.

/** `name` of durable-objects/wrangler.toml. */
export const OBJECTS_WORKER = "tidegate-objects";

/** Each class by its binding: in the gateway, and in this Worker itself. */
export const CLASSES = {
  TOKEN_BUCKET: "TokenBuckets",
  HASH_RING: "HashRing",
  CIRCUIT_BREAKER: "CircuitBreaker",
  PURGE_LOG: "PurgeLog",
  NONCE_LOG: "NonceLog",
  RELAY: "Relay",
  AUDIT_LOG: "AuditLog",
  KEY_STORE: "KeyStore",
  CONTROL_PLANE: "ControlPlane",
  TELEMETRY: "Telemetry",
} as const;

// The Durable Objects as a later version may have them: each message that they send has fields that this version does not know.
import * as classes from "../../durable-objects/index.ts";
import { withUnknownFields } from "./unknown-fields.ts";

type Method = (...args: unknown[]) => unknown;
type ObjectClass = new (...args: never[]) => object;

/** Methods that the platform calls, not the gateway. */
const OF_THE_PLATFORM: ReadonlySet<string> = new Set(["constructor", "alarm"]);

function newer<C extends ObjectClass>(current: C): C {
  const extended = class extends (current as ObjectClass) {};
  const methods = extended.prototype as Record<string, Method>;
  for (const name of Object.getOwnPropertyNames(current.prototype)) {
    const method = (current.prototype as Record<string, Method>)[name];
    if (OF_THE_PLATFORM.has(name) || typeof method !== "function") continue;
    methods[name] = async function (this: object, ...args) {
      return withUnknownFields(await method.apply(this, args));
    };
  }
  return extended as unknown as C;
}

export const AuditLog = newer(classes.AuditLog);
export const CircuitBreaker = newer(classes.CircuitBreaker);
export const ControlPlane = newer(classes.ControlPlane);
export const HashRing = newer(classes.HashRing);
export const KeyStore = newer(classes.KeyStore);
export const NonceLog = newer(classes.NonceLog);
export const PurgeLog = newer(classes.PurgeLog);
export const Relay = newer(classes.Relay);
export const Telemetry = newer(classes.Telemetry);
export const TokenBuckets = newer(classes.TokenBuckets);

export default classes.default;

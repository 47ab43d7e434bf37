import { a as KeysQuestion, c as PurgeTarget, d as HashRing, f as ControlPlane, i as KeysAnswer, l as NonceLog, m as AuditLog, n as ExchangeReply, o as PurgeDelta, p as CircuitBreaker, r as ExchangeRequest, s as PurgeMode, t as TokenBuckets, u as KeyStore } from "../shared/token-buckets.js";
import { DurableObject } from "cloudflare:workers";
interface PurgeLogBounds {
  readonly maxPurges: number;
  readonly keepMs: number;
}
export declare class PurgeLog extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: PurgeLogBounds);
  /**
   * Appends all purges or none.
   *
   * @param known the latest seq that the isolate knows
   * @returns what the isolate does not know yet: these purges, and purges of other isolates
   */
  append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): PurgeDelta;
  /** What an isolate does not know yet. @param known the latest seq that it knows; 0 for none */
  since(known: number): PurgeDelta;
}
export declare class Relay extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** For calls that wait for a key, or for a recent view of revocations. */
  keys(question: KeysQuestion): Promise<KeysAnswer>;
}
/** Only the gateway calls the objects, through its bindings: this Worker has no public address. */
declare const _default: {
  fetch: () => Response;
};
export { AuditLog, CircuitBreaker, ControlPlane, HashRing, KeyStore, NonceLog, TokenBuckets, _default as default };
import { n as idempotencyKey, r as idempotencyKeyOf, t as IdempotencyKey } from "../shared/idempotency-key.js";
import { DurableObject } from "cloudflare:workers";
import { HandlerContext } from "@connectrpc/connect";
/** A response, or the size of one that was too large to be recorded. */
type RecordedResponse<R> = {
  readonly kind: "stored";
  readonly response: R;
} | {
  readonly kind: "omitted";
  readonly bytes: number;
};
interface Common {
  readonly fingerprint: string;
  readonly expiresAt: number;
}
interface RunningKey extends Common {
  readonly kind: "running";
  readonly token: string;
  readonly leaseUntil: number;
}
interface DoneKey<R> extends Common {
  readonly kind: "done";
  readonly recorded: RecordedResponse<R>;
}
type CallRecord<R> = RunningKey | DoneKey<R>;
/** A call that wants to begin. */
interface Beginning {
  readonly fingerprint: string;
  readonly token: string;
  readonly leaseMs: number;
}
type Begun<R> = {
  readonly kind: "started";
} | {
  readonly kind: "running";
} | {
  readonly kind: "key_reused";
} | {
  readonly kind: "replayed";
  readonly recorded: RecordedResponse<R>;
};
interface Row extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  fingerprint: string;
  expires: number;
  token: string | null;
  lease: number | null;
  response: ArrayBuffer | null;
  omitted: number | null;
}
/** Rows are in the order in which their calls began, which is nearly the order in which they expire: all live for a day. */
declare class CallTable {
  #private;
  maxKeys: number;
  constructor(sql: SqlStorage);
  read(id: string): CallRecord<Uint8Array> | undefined;
  /** Adds the record of a call that begins, as the newest row. @returns false, and adds nothing, where all rows are of calls that run */
  add(id: string, record: CallRecord<Uint8Array>, now: number): boolean;
  replace(id: string, record: CallRecord<Uint8Array>): void;
  delete(id: string): void;
  /** Deletes what has expired. @returns when the next row expires, epoch ms; undefined where there is none */
  deleteExpired(now: number): number | undefined;
  oldest(): Row | undefined;
}
/** Rows of calls that still run fill the store. */
interface StoreFull {
  readonly kind: "full";
}
interface RecordStore {
  /** @param id of the key, 64 hex digits */
  begin(id: string, call: Beginning): Promise<Begun<Uint8Array> | StoreFull>;
  /** Records the response. @returns false where the call does not hold the key any more */
  finish(id: string, token: string, response: Uint8Array): Promise<boolean>;
  /** The call has ended without a response to record: a repeat runs again. */
  release(id: string, token: string): Promise<void>;
}
/**
 * Declare the class in the wrangler.toml of the Worker whose service has the option `idempotency`, and export it there:
 *
 * ```ts
 * export { IdempotencyStore } from "tidegate/idempotency";
 * ```
 *
 * A shard has at most 100,000 keys of the last 24 hours; above it the oldest ones are forgotten early. Responses are at most 64 KiB.
 */
export declare class IdempotencyStore extends DurableObject implements RecordStore {
  readonly table: CallTable;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  begin(id: string, call: Beginning): Promise<Begun<Uint8Array> | StoreFull>;
  finish(id: string, token: string, response: Uint8Array): Promise<boolean>;
  release(id: string, token: string): Promise<void>;
  alarm(): Promise<void>;
}
/** What a call has led to. Plain data, which a Durable Object returns to its caller: errors lose their class on that way. */
type OnceResult = {
  readonly kind: "done";
  readonly response: Uint8Array<ArrayBuffer>;
  readonly isReplayed: boolean;
} | {
  readonly kind: "key_reused";
} | {
  readonly kind: "response_omitted";
  readonly bytes: number;
};
/**
 * Runs an effect at most once for each key: the effect and the record of it are stored together, or neither is, whenever the Durable
 * Object stops. A repeat gets the response of the first call for 24 hours; after that, or after 100,000 newer keys, it runs again.
 *
 * ```ts
 * charge(key: IdempotencyKey | undefined, request: ChargeRequest): OnceResult {
 *   return once(this.ctx.storage, key, () => {
 *     this.ctx.storage.sql.exec("INSERT INTO charges VALUES (?, ?)", request.id, request.cents);
 *     return toBinary(ChargeSchema, create(ChargeSchema, { id: request.id }));
 *   });
 * }
 * ```
 *
 * Calls with one key cannot run at the same time here: a method of a Durable Object that awaits nothing is not interrupted.
 *
 * @param key undefined runs the effect in a transaction, each time
 * @param run returns the response, of which 64 KiB are recorded; of a larger one only the size is. It must not be async: its writes after the
 *            first `await` would be outside of the transaction. What it throws undoes everything, records nothing, and is thrown on
 * @throws TypeError where `run` returns a promise; what it wrote until then is undone
 */
export declare function once(storage: DurableObjectStorage, key: IdempotencyKey | undefined, run: () => Uint8Array<ArrayBuffer>): OnceResult;
/**
 * What a call with this key has led to before, for steps that a repeat has to skip.
 *
 * @returns undefined where there was none, or no key
 */
export declare function recorded(storage: DurableObjectStorage, key: IdempotencyKey | undefined): OnceResult | undefined;
/**
 * Deletes the keys of a Durable Object that have expired: call it in `alarm()`. Without it, each new key deletes two expired ones.
 *
 * @returns when the next key expires, epoch ms; undefined where there is none
 */
export declare function deleteExpiredKeys(storage: DurableObjectStorage, now: number): number | undefined;
/**
 * The response of `once`, in the method that serves the call: a replay is marked with the header `idempotency-replayed: true`.
 *
 * @throws ConnectError `failed_precondition` where the key belongs to another payload (422 of REST through a gateway), `already_exists` where
 *         the response was too large to be recorded
 */
export declare function onceResponse(result: OnceResult, { responseHeader }: Pick<HandlerContext, "responseHeader">): Uint8Array<ArrayBuffer>;
export { type IdempotencyKey, type OnceResult, idempotencyKey, idempotencyKeyOf };
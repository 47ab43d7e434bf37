// once: an effect in the storage of a Durable Object, and the record of its idempotency key, in one transaction.
import type { HandlerContext } from "@connectrpc/connect";
import { REPLAYED_HEADER } from "../../../core/headers.ts";
import { type Begun, begin, type DoneKey, finish, MAX_RESPONSE_BYTES } from "../../../core/idempotency/call-record.ts";
import { CallTable } from "./call-table.ts";
import type { IdempotencyKey } from "./idempotency-key.ts";
import { keyReused, responseOmitted } from "./key-errors.ts";

/** What a call has led to. Plain data, which a Durable Object returns to its caller: errors lose their class on that way. */
export type OnceResult =
  | { readonly kind: "done"; readonly response: Uint8Array<ArrayBuffer>; readonly isReplayed: boolean }
  | { readonly kind: "key_reused" }
  | { readonly kind: "response_omitted"; readonly bytes: number };

const TOKEN = "transaction"; // the record of a running call is never stored: nothing else runs within a transaction

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
export function once(storage: DurableObjectStorage, key: IdempotencyKey | undefined, run: () => Uint8Array<ArrayBuffer>): OnceResult {
  return storage.transactionSync(() => {
    if (key === undefined) return { kind: "done", response: ran(run), isReplayed: false };
    const now = Date.now();
    const table = new CallTable(storage.sql);
    const [running, begun] = begin(table.read(key.id), { fingerprint: key.fingerprint, token: TOKEN, leaseMs: 1 }, now);
    if (begun.kind !== "started") return resultOf(begun);
    const response = ran(run);
    const { byteLength: bytes } = response;
    const recorded = bytes > MAX_RESPONSE_BYTES ? { kind: "omitted" as const, bytes } : { kind: "stored" as const, response };
    table.add(key.id, finish(running, TOKEN, recorded, now) as DoneKey<Uint8Array>, now);
    return { kind: "done", response, isReplayed: false };
  });
}

/**
 * What a call with this key has led to before, for steps that a repeat has to skip.
 *
 * @returns undefined where there was none, or no key
 */
export function recorded(storage: DurableObjectStorage, key: IdempotencyKey | undefined): OnceResult | undefined {
  if (key === undefined) return undefined;
  const [, begun] = begin(new CallTable(storage.sql).read(key.id), { fingerprint: key.fingerprint, token: TOKEN, leaseMs: 1 }, Date.now());
  return begun.kind === "started" ? undefined : resultOf(begun);
}

/**
 * Deletes the keys of a Durable Object that have expired: call it in `alarm()`. Without it, each new key deletes two expired ones.
 *
 * @returns when the next key expires, epoch ms; undefined where there is none
 */
export function deleteExpiredKeys(storage: DurableObjectStorage, now: number): number | undefined {
  return new CallTable(storage.sql).deleteExpired(now);
}

/**
 * The response of `once`, in the method that serves the call: a replay is marked with the header `idempotency-replayed: true`.
 *
 * @throws ConnectError `failed_precondition` where the key belongs to another payload (422 of REST through a gateway), `already_exists` where
 *         the response was too large to be recorded
 */
export function onceResponse(result: OnceResult, { responseHeader }: Pick<HandlerContext, "responseHeader">): Uint8Array<ArrayBuffer> {
  if (result.kind === "key_reused") throw keyReused();
  if (result.kind === "response_omitted") throw responseOmitted(result.bytes);
  if (result.isReplayed) responseHeader.set(REPLAYED_HEADER, "true");
  return result.response;
}

function ran(run: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const response: unknown = run();
  if (response instanceof Uint8Array) return response as Uint8Array<ArrayBuffer>;
  const isAsync = typeof (response as { readonly then?: unknown } | null | undefined)?.then === "function";
  throw new TypeError(
    isAsync
      ? "run of once() is async; return the bytes of the response without await: later writes would be outside of the transaction"
      : "run of once() returned no bytes; return the response as a Uint8Array",
  );
}

function resultOf(begun: Exclude<Begun<Uint8Array>, { readonly kind: "started" }>): OnceResult {
  if (begun.kind === "key_reused") return { kind: "key_reused" };
  if (begun.kind === "running") throw new Error("this storage is that of an IdempotencyStore");
  const { recorded } = begun;
  if (recorded.kind === "omitted") return { kind: "response_omitted", bytes: recorded.bytes };
  return { kind: "done", response: recorded.response as Uint8Array<ArrayBuffer>, isReplayed: true };
}

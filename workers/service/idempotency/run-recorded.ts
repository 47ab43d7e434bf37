// Runs a method whose response is recorded in the store: at least once for each key, and once unless a Worker stops in between.
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { hash32 } from "../../../core/hash.ts";
import { REPLAYED_HEADER } from "../../../core/headers.ts";
import { logEvent } from "../../log.ts";
import type { IdempotencyKey } from "./idempotency-key.ts";
import { keyReused, keyRunning, responseOmitted } from "./key-errors.ts";
import type { KeyRule } from "./key-settings.ts";
import type { RecordStores } from "./store-contract.ts";
import { decodeResponse, encodeError, encodeMessage } from "./stored-response.ts";

/** Time that a call may need beyond its deadline to record its response, ms. */
const RECORD_MS = 5_000;

/**
 * @param run the method
 * @throws ConnectError `aborted` while another call with the key runs, `failed_precondition` where the key belongs to another payload,
 *         `already_exists` where the response was too large to be recorded, `resource_exhausted` where the store is full of running calls
 */
export async function runRecorded(
  stores: RecordStores,
  key: IdempotencyKey,
  { shards, leaseMs }: Pick<KeyRule, "shards" | "leaseMs">,
  run: (request: Message, context: HandlerContext) => Promise<Message>,
  request: Message,
  context: HandlerContext,
): Promise<Message> {
  // A new stub for each message: after an error, a stub stays broken.
  const store = () => stores.getByName(`shard-${hash32(key.id) % shards}`);
  const token = crypto.randomUUID();
  const { method } = context;
  const leftMs = context.timeoutMs();
  const lease = leftMs === undefined ? leaseMs : Math.max(leftMs, 0) + RECORD_MS;
  const begun = await store().begin(key.id, { fingerprint: key.fingerprint, token, leaseMs: lease });
  switch (begun.kind) {
    case "running":
      throw keyRunning();
    case "key_reused":
      throw keyReused();
    case "full":
      throw new ConnectError("too many calls with idempotency keys are running", Code.ResourceExhausted, { "Retry-After": "1" });
    case "replayed": {
      if (begun.recorded.kind === "omitted") throw responseOmitted(begun.recorded.bytes);
      context.responseHeader.set(REPLAYED_HEADER, "true");
      return decodeResponse(method.output, begun.recorded.response, context);
    }
  }
  // The response is sent all the same where it cannot be recorded: the effect has happened.
  const record = (write: () => Promise<unknown>): Promise<unknown> => {
    const fail = (error: unknown): void => {
      const route = `${method.parent.typeName}/${method.name}`;
      logEvent("idempotency_record_failed", { requestId: context.requestHeader.get("x-request-id"), route, error });
    };
    return write().catch(fail);
  };
  let output: Message;
  try {
    output = await run(request, context);
  } catch (reason) {
    const response = encodeError(reason, context);
    await record(() => (response === undefined ? store().release(key.id, token) : store().finish(key.id, token, response)));
    throw reason;
  }
  await record(() => store().finish(key.id, token, encodeMessage(method.output, output, context)));
  return output;
}

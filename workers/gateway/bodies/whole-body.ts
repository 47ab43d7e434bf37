// Reads a request body whole: within its limit, the memory of the isolate, and the time of the route.
import { ByteCollector } from "../../../core/bytes.ts";
import { type Reservation, SMALL_BYTES } from "../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call } from "../call.ts";
import { BodyReader, type Patience, tooSlow, waitEndOf } from "./body-reader.ts";
import { bodyTimer, MAX_SHARED_MS } from "./body-timer.ts";

const DRAIN_BYTES = 1_048_576;

/**
 * Reads a small body of a known length with the runtime, which takes a third of the time. One promise waits for the body and for the end of
 * the time; a race of two promises would make several more for each request.
 *
 * The runtime does not say how much has come. So the idle time is for the whole of such a body.
 *
 * @throws Rejected when the body comes too slowly, or the caller hangs up
 */
function readAtOnce(call: Call, patience: Patience): Promise<Uint8Array<ArrayBuffer>> {
  const now = Date.now();
  const { idleMs } = patience;
  const expiresAt = waitEndOf(call, patience, now + idleMs);
  return new Promise((resolve, reject) => {
    const isShared = expiresAt - now <= MAX_SHARED_MS;
    const expire = (): void => reject(tooSlow(call, patience, idleMs, expiresAt));
    const wait = { expiresAt, expire };
    const timer = isShared ? null : setTimeout(expire, expiresAt - now);
    if (isShared) bodyTimer.add(wait, now);
    const end = (): void => (isShared ? bodyTimer.remove(wait) : clearTimeout(timer));
    call.request.arrayBuffer().then(
      (bytes) => {
        end();
        resolve(new Uint8Array(bytes));
      },
      (error: unknown) => {
        end();
        reject(error instanceof Rejected ? error : new Rejected({ kind: "caller_gone" }));
      },
    );
  });
}

/** Reads a body of a large or unknown length chunk by chunk. */
async function readChunks(
  reader: BodyReader,
  length: number | undefined,
  maxBytes: number,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const collected = new ByteCollector(length);
  let size = 0;
  for (;;) {
    const chunk = await reader.read();
    if (chunk === undefined) break;
    size += chunk.byteLength;
    if (size <= limit) {
      reader.hold(collected.bytesWith(chunk.byteLength));
      collected.add(chunk);
    } else if (size > limit + DRAIN_BYTES) break; // some more is read, so that the caller can read the refusal
  }
  if (size > limit) throw new Rejected({ kind: "body_too_large", maxBytes });
  return collected.take();
}

export interface WholeBodySettings {
  readonly maxBytes: number; // largest message
  readonly limit: number; // largest body: a message with what surrounds it
  readonly patience: Patience;
  readonly held: Reservation; // memory reserved for the body
}

/**
 * @param length that the body declares, at most `limit`; undefined where it declares none
 * @throws Rejected when the body is too large, comes too slowly, or finds no memory; when the caller hangs up
 */
export function readWhole(
  call: Call,
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  { maxBytes, limit, patience, held }: WholeBodySettings,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length !== undefined && length <= SMALL_BYTES) return readAtOnce(call, patience);
  return readChunks(new BodyReader(call, body, patience, held, true), length, maxBytes, limit);
}

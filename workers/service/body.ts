// Reads the body of a request within a limit, and reads off what nobody wants, so that the caller can hear the answer.
import { Code, ConnectError } from "@connectrpc/connect";

export type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

// workerd closes the connection of a request that was not read to its end, and the caller sees that instead of our answer.
const DRAIN_MAX_BYTES = 1_048_576;
const DRAIN_MAX_MS = 1_000;

/**
 * All bytes of a body; one that is larger is refused with `resource_exhausted`, after it was read off.
 *
 * @param maxBytes largest body, bytes as they stand on the wire
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= maxBytes) {
    const bytes = await whole(request.arrayBuffer());
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return new Uint8Array(bytes);
  }
  const reader: ByteReader = request.body.getReader();
  const bytes = await whole(readUpTo(reader, maxBytes));
  if (bytes !== undefined) return bytes;
  await drain(reader);
  throw tooLarge(maxBytes);
}

/** A caller who hangs up in the middle of a request is no fault of ours. */
function whole<T>(body: Promise<T>): Promise<T> {
  return body.catch((reason: unknown) => {
    throw new ConnectError("request ended early", Code.Canceled, undefined, undefined, reason);
  });
}

/** @returns undefined if there are more than `maxBytes`; the rest is then still to be read */
export async function readUpTo(reader: ByteReader, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return join(chunks, size);
    size += value.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(value);
  }
}

/** Reads off what is left, but neither without end nor for ever, and lets go of it. */
export async function drain(reader: ByteReader | undefined): Promise<void> {
  if (reader === undefined) return;
  const enough = new AbortController();
  const readOff = async (): Promise<void> => {
    for (let size = 0; size <= DRAIN_MAX_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
    }
  };
  const patience = scheduler.wait(DRAIN_MAX_MS, { signal: enough.signal });
  await Promise.race([readOff(), patience]).catch(() => undefined); // a caller who hung up wants no answer either
  patience.catch(() => undefined);
  enough.abort();
  reader.cancel().catch(() => undefined);
}

export function tooLarge(maxBytes: number): ConnectError {
  return new ConnectError(`message is larger than ${maxBytes} bytes`, Code.ResourceExhausted);
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

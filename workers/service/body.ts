// Reads the body of a request up to a limit, and discards an unread rest, so that the caller receives the response.
import { Code, ConnectError } from "@connectrpc/connect";
import { wait } from "../wait.ts";

export type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

// workerd closes the connection of a request whose body was not read to its end; the caller then sees that instead of the response.
const DRAIN_MAX_BYTES = 1_048_576;
const DRAIN_MAX_MS = 1_000;

/**
 * @param maxBytes largest body, bytes on the wire
 * @returns all bytes of the body
 * @throws ConnectError `resource_exhausted` for a larger body, after the rest of it was discarded
 */
export function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length");
  if (length === null || Number(length) > maxBytes) return readStream(request, maxBytes);
  // Without a look at `request.body`, which would create a stream. A request of another Worker may have a wrong length.
  return request.arrayBuffer().then((bytes) => {
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return new Uint8Array(bytes);
  }, throwCanceled);
}

async function readStream(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const reader: ByteReader = request.body.getReader();
  const bytes = await readUpTo(reader, maxBytes).catch(throwCanceled);
  if (bytes !== undefined) return bytes;
  await drain(reader);
  throw tooLarge(maxBytes);
}

/** A caller that hangs up in the middle of a request is no fault of the service: the error is `canceled`. */
export function throwCanceled(reason: unknown): never {
  throw new ConnectError("request ended early", Code.Canceled, undefined, undefined, reason);
}

/** @returns undefined where there are more than `maxBytes`; the rest is then not read yet */
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

/** Discards what is left of a body, at most `DRAIN_MAX_BYTES` for at most `DRAIN_MAX_MS`, then cancels it. */
export async function drain(reader: ByteReader | undefined): Promise<void> {
  if (reader === undefined) return;
  const done = new AbortController();
  const discard = async (): Promise<void> => {
    for (let size = 0; size <= DRAIN_MAX_BYTES; ) {
      const chunk = await reader.read();
      if (chunk.done) return;
      size += chunk.value.byteLength;
    }
  };
  const timeout = wait(DRAIN_MAX_MS, done.signal);
  await Promise.race([discard(), timeout]).catch(() => undefined); // a caller that has hung up needs no response
  timeout.catch(() => undefined);
  done.abort();
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

// Envelopes as in the streams of both protocols: flags and length before each message, and a last envelope that ends the response.
import { Code, ConnectError } from "@connectrpc/connect";
import { requestCompression } from "../../service/compression.ts";

const HEADER_BYTES = 5; // one of flags, four of length
const COMPRESSED = 1;
const MAX_END_BYTES = 65_536; // the largest last envelope that is read: gRPC bounds the status of a call to 8 KiB by default

export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @returns undefined if the last envelope is incomplete */
export function readEnvelopes(bytes: Uint8Array<ArrayBuffer>): Envelope[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const envelopes: Envelope[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + HEADER_BYTES > bytes.byteLength) return undefined;
    const end = at + HEADER_BYTES + view.getUint32(at + 1);
    if (end > bytes.byteLength) return undefined;
    envelopes.push({ flags: bytes[at]!, data: bytes.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return envelopes;
}

/**
 * The data of a last envelope, decompressed if its flags say that it is compressed.
 *
 * @throws ConnectError if it is compressed and its encoding is missing or not supported
 */
export async function decompressed({ flags, data }: Envelope, encoding: string | null): Promise<Uint8Array> {
  if ((flags & COMPRESSED) === 0) return data;
  const compression = requestCompression(encoding, "accept-encoding");
  if (compression === null)
    throw new ConnectError("the end of the response is compressed, but no header names the encoding", Code.Internal);
  return compression.decompress(data, MAX_END_BYTES);
}

/**
 * Passes messages on as they arrive, byte for byte, and replaces the last envelope. A response that is interrupted between two messages
 * gets a last envelope with the error; one that is interrupted within a message stays interrupted.
 *
 * @param endFlag flag of the last envelope
 * @param rewrite makes the last envelope of the caller's protocol; it gets `undefined` if the upstream sent none, and the error that ended
 *   the stream, if there was one
 */
export function rewriteLastEnvelope(
  body: ReadableStream<Uint8Array> | null,
  endFlag: number,
  rewrite: (end: Envelope | undefined, reason?: unknown) => Promise<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array> {
  let reason: unknown; // the error that ended the upstream's stream
  const onError = (error: unknown): void => {
    reason = error;
  };
  const rewriter = new EndRewriter(endFlag, rewrite, () => reason);
  const rewritten = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => rewriter.transform(chunk, controller),
    flush: (controller) => rewriter.flush(controller),
  });
  return withoutError(body ?? new Blob([]).stream(), onError).pipeThrough(rewritten);
}

class EndRewriter {
  readonly #endFlag: number;
  readonly #rewrite: (end: Envelope | undefined, reason?: unknown) => Promise<Uint8Array<ArrayBuffer>>;
  readonly #reason: () => unknown;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0; // bytes of the header received
  #left = 0; // bytes of the message still to come
  #end: { readonly flags: number; readonly data: Uint8Array<ArrayBuffer>; size: number } | undefined; // the last envelope, as far as received
  #hasEnded = false;

  constructor(
    endFlag: number,
    rewrite: (end: Envelope | undefined, reason?: unknown) => Promise<Uint8Array<ArrayBuffer>>,
    reason: () => unknown,
  ) {
    this.#endFlag = endFlag;
    this.#rewrite = rewrite;
    this.#reason = reason;
  }

  async transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): Promise<void> {
    for (let at = 0; at < chunk.byteLength && !this.#hasEnded; ) {
      if (this.#headerBytes < HEADER_BYTES) {
        this.#header[this.#headerBytes++] = chunk[at++]!;
        if (this.#headerBytes < HEADER_BYTES) continue;
        this.#beginEnvelope(controller);
      } else {
        const part = chunk.subarray(at, at + this.#left);
        at += part.byteLength;
        this.#left -= part.byteLength;
        if (this.#end === undefined) controller.enqueue(part);
        else {
          this.#end.data.set(part, this.#end.size);
          this.#end.size += part.byteLength;
        }
      }
      if (this.#left > 0) continue;
      this.#headerBytes = 0;
      if (this.#end === undefined) continue;
      this.#hasEnded = true;
      controller.enqueue(await this.#rewrite(this.#end));
    }
  }

  async flush(controller: TransformStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#hasEnded) return;
    if (this.#headerBytes > 0) throw brokenOff("the response was interrupted within a message");
    controller.enqueue(await this.#rewrite(undefined, this.#reason()));
  }

  #beginEnvelope(controller: TransformStreamDefaultController<Uint8Array>): void {
    this.#left = new DataView(this.#header.buffer).getUint32(1);
    if ((this.#header[0]! & this.#endFlag) === 0) controller.enqueue(this.#header.slice());
    else if (this.#left > MAX_END_BYTES) throw brokenOff(`the last envelope of the response has ${this.#left} bytes`);
    else this.#end = { flags: this.#header[0]!, data: new Uint8Array(this.#left), size: 0 };
  }
}

/** With `retryable` the runtime takes it for a lost connection, and does not report it. */
function brokenOff(message: string): Error {
  return Object.assign(new Error(message), { retryable: true });
}

/** The same stream, but closed without an error where the original one fails. */
function withoutError(body: ReadableStream<Uint8Array>, onError: (error: unknown) => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          onError(error);
          return { done: true, value: undefined } as const;
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

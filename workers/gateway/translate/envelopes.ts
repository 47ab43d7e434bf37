// Envelopes as both streaming protocols have them: flags and length before each message, and one that ends an answer.
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionOf } from "../../service/compression.ts";

const HEADER_BYTES = 5;
const COMPRESSED = 1;
const END_BYTES = 1_048_576; // the largest envelope with trailers that is read

export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

export function writeEnvelope(flags: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + data.byteLength);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, data.byteLength);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

/** @returns undefined where the bytes are no whole number of envelopes */
export function readEnvelopes(bytes: Uint8Array<ArrayBuffer>): Envelope[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Envelope[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + HEADER_BYTES > bytes.byteLength) return undefined;
    const end = at + HEADER_BYTES + view.getUint32(at + 1);
    if (end > bytes.byteLength) return undefined;
    frames.push({ flags: bytes[at]!, data: bytes.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return frames;
}

/** What stands in an envelope that ends a stream, unpacked where its flags say that it is packed. */
export async function decompressed({ flags, data }: Envelope, encoding: string | null): Promise<Uint8Array> {
  if ((flags & COMPRESSED) === 0) return data;
  const compression = compressionOf(encoding, "accept-encoding");
  if (compression === null) throw new ConnectError("the end of the answer is compressed in no known way", Code.Internal);
  return compression.decompress(data, END_BYTES);
}

/**
 * Passes messages on as they come, byte for byte, and writes the end anew. An answer that breaks off between two messages ends, too;
 * within a message it stays broken.
 *
 * @param endFlag  the flag of the envelope that ends the stream
 * @param rewrite  that envelope as the caller reads it; `undefined` where the stream has ended without one, with the error where there was one
 */
export function rewriteLastEnvelope(
  body: ReadableStream<Uint8Array> | null,
  endFlag: number,
  rewrite: (end: Envelope | undefined, reason?: unknown) => Promise<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array> {
  const header = new Uint8Array(HEADER_BYTES);
  let known = 0; // bytes of the header that are there
  let left = 0; // bytes of the message still to come
  let end: { readonly flags: number; readonly data: Uint8Array<ArrayBuffer>; size: number } | undefined;
  let isOver = false;
  let reason: unknown; // the error with which the upstream's stream ended

  const rewritten = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      for (let at = 0; at < chunk.byteLength && !isOver; ) {
        if (known < HEADER_BYTES) {
          header[known++] = chunk[at++]!;
          if (known < HEADER_BYTES) continue;
          left = new DataView(header.buffer).getUint32(1);
          if ((header[0]! & endFlag) === 0) controller.enqueue(header.slice());
          else if (left > END_BYTES) throw new Error(`the end of the answer has ${left} bytes`);
          else end = { flags: header[0]!, data: new Uint8Array(left), size: 0 };
        } else {
          const part = chunk.subarray(at, at + left);
          at += part.byteLength;
          left -= part.byteLength;
          if (end === undefined) controller.enqueue(part);
          else {
            end.data.set(part, end.size);
            end.size += part.byteLength;
          }
        }
        if (left > 0) continue;
        known = 0;
        if (end === undefined) continue;
        isOver = true;
        controller.enqueue(await rewrite(end));
      }
    },
    async flush(controller) {
      if (isOver) return;
      if (known > 0) throw new Error("the answer broke off within a message");
      controller.enqueue(await rewrite(undefined, reason));
    },
  });
  const onError = (error: unknown): void => {
    reason = error;
  };
  return endingAnyway(body ?? new Blob([]).stream(), onError).pipeThrough(rewritten);
}

/** A stream that ends where another one breaks off. */
function endingAnyway(body: ReadableStream<Uint8Array>, onError: (error: unknown) => void): ReadableStream<Uint8Array> {
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

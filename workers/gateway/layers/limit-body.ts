// Bounds the size of what a caller sends: the whole body of one message, or each message of a stream.
import { joinBytes } from "../../../core/bytes.ts";
import { Rejected } from "../../../core/rejection.ts";
import { checkBody, checkQuery, envelopeCheck, isEnveloped, unaryEncoding } from "../bodies/message-limit.ts";
import { streamEnding } from "../bodies/stream-ending.ts";
import { Upload, type UploadSource } from "../bodies/upload.ts";
import { bindToUpload } from "../bodies/upload-response.ts";
import { BodyReader, byteSource, envelopeSource } from "../bodies/upload-sources.ts";
import type { Handler, Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";
import { isEnvelopeStream } from "../protocol/protocol.ts";

export interface BodySettings {
  /** One message, a stream of messages in envelopes, lines of JSON, or plain HTTP. */
  readonly form: "message" | "messages" | "lines" | "bytes";
}

const ENVELOPE_BYTES = 5;
const DRAIN_BYTES = 1_048_576;

/** Lines are bounded where they are read, by `transcode`. */
export function limitBody({ form }: BodySettings): Layer | undefined {
  if (form === "lines") return undefined;
  return (next) => {
    const isWhole = next.needs === "whole_body";
    return async (call) => {
      const { body, headers } = call.request;
      const { maxBodyBytes: maxBytes } = call.route;
      if (body === null) {
        if (form === "message" && call.protocol.kind === "connect_unary") checkQuery(call.outgoing.query, maxBytes);
        return next(call);
      }
      const limit = maxBytes + (isEnveloped(call) ? ENVELOPE_BYTES : 0);
      const text = headers.get("content-length");
      const length = text === null ? undefined : Number(text);
      const isKnown = length !== undefined && length <= limit;
      // The runtime checks that the body has the length it declares.
      if (isKnown && !isWhole && form !== "messages" && !isEnveloped(call) && unaryEncoding(call) === null) return next(call);
      if (form === "messages" && !isKnown) return uploaded(next, call, envelopeSource(body, maxBytes, envelopeCheck(call, maxBytes)));
      if (form === "bytes" && length === undefined) return uploaded(next, call, byteSource(body, maxBytes));
      if (length !== undefined && !isKnown) throw new Rejected({ kind: "body_too_large", maxBytes });
      const whole = isKnown ? await readKnown(call.request, call.signal) : await readWhole(body, maxBytes, limit, call.signal);
      if (form !== "bytes") checkBody(call, whole, maxBytes);
      call.outgoing.body = whole;
      return next(call);
    };
  };
}

/** Sends the body to the upstream while it arrives. */
async function uploaded(next: Handler, call: Call, chunks: UploadSource): Promise<Response> {
  const upload = new Upload(chunks, call.signal);
  let response: Response;
  try {
    call.outgoing.body = upload.body;
    call.upload = upload;
    response = await next(call);
  } catch (error) {
    upload.close();
    throw upload.failure ?? error; // the end of a stream or signal throws a copy of it
  }
  if (response.body === null) {
    upload.close();
    return response;
  }
  return new Response(
    bindToUpload(response.body, upload, isEnvelopeStream(response.headers) ? streamEnding(call.protocol, call) : undefined),
    response,
  );
}

/**
 * Reads a body of a known, allowed length with the runtime, which takes a third of the time. One promise waits for the body and for the
 * end of the call; a race of two promises would make several more for each request.
 *
 * @throws the signal's reason when the body comes too slowly; Rejected when the caller hangs up
 */
function readKnown(request: Request, signal: AbortSignal | null): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    request.arrayBuffer().then(
      (bytes) => {
        signal?.removeEventListener("abort", giveUp);
        resolve(new Uint8Array(bytes));
      },
      () => {
        signal?.removeEventListener("abort", giveUp);
        reject(new Rejected({ kind: "caller_gone" }));
      },
    );
  });
}

/** Reads a body of unknown length. @throws Rejected when it is too large; the signal's reason when it comes too slowly */
async function readWhole(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  limit: number,
  signal: AbortSignal | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new BodyReader(body);
  const giveUp = () => reader.cancel(signal?.reason);
  signal?.addEventListener("abort", giveUp, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await reader.read();
    signal?.throwIfAborted();
    if (chunk === undefined) break;
    size += chunk.byteLength;
    if (size <= limit) chunks.push(chunk);
    else if (size > limit + DRAIN_BYTES) break; // some more is read, so that the caller can read the refusal
  }
  signal?.removeEventListener("abort", giveUp);
  if (size > limit) throw new Rejected({ kind: "body_too_large", maxBytes });
  return joinBytes(chunks, size);
}

// Bounds what a caller sends, in bytes, memory and time: the whole body of one message, or each message of a stream.

import { SMALL_BYTES } from "../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../core/rejection.ts";
import { BodyReader, type Patience } from "../bodies/body-reader.ts";
import { checkBody, checkQuery, envelopeCheck, isEnveloped, unaryEncoding } from "../bodies/message-limit.ts";
import { streamEnding } from "../bodies/stream-ending.ts";
import { Upload, type UploadSource } from "../bodies/upload.ts";
import { bindToUpload } from "../bodies/upload-response.ts";
import { byteSource, envelopeSource } from "../bodies/upload-sources.ts";
import { readWhole } from "../bodies/whole-body.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import type { Handler, Layer } from "../call/layer.ts";
import { reserveMemory } from "../call/memory.ts";
import type { Call } from "../call.ts";
import { isEnvelopeStream } from "../protocol/protocol.ts";

export interface BodySettings {
  /** One message, a stream of messages in envelopes, lines of JSON, or plain HTTP. */
  readonly form: "message" | "messages" | "lines" | "bytes";
  readonly idleMs: number; // longest silence of the caller within a message
  readonly pauseMs: number; // longest silence between the messages of a stream
  readonly totalMs: number; // time for one message, or a body of plain HTTP
}

const ENVELOPE_BYTES = 5;
/** A larger message is sent while it arrives, where no layer needs it whole. */
const MAX_WHOLE_BYTES = 1_048_576;

/** Lines of a REST stream are bounded where they are read, by `transcode`. */
export function messageForm(isRequestStream: boolean, isRest: boolean): Exclude<BodySettings["form"], "bytes"> {
  if (!isRequestStream) return "message";
  return isRest ? "lines" : "messages";
}

/** Lines are bounded where they are read, by `transcode`. */
export function limitBody({ form, idleMs, pauseMs, totalMs }: BodySettings): Layer | undefined {
  if (form === "lines") return undefined;
  const streamedFrom = form === "bytes" ? SMALL_BYTES : MAX_WHOLE_BYTES;
  return (next) => {
    return async (call) => {
      const isWhole = next.needs === "whole_body" || call.digests !== undefined;
      const { body, headers } = call.request;
      const { maxBodyBytes: maxBytes, memory } = call.route;
      call.trace?.note("limit-body", { maxBodyBytes: maxBytes, bodyIdleMs: idleMs, isWhole });
      if (body === null) {
        if (form === "message" && call.protocol.kind === "connect_unary")
          checkQuery(call.outgoing.query, maxBytes, call.route.maxInflation);
        return next(call);
      }
      const limit = maxBytes + (isEnveloped(call) ? ENVELOPE_BYTES : 0);
      const text = headers.get("content-length");
      const length = text === null ? undefined : Number(text);
      const isKnown = length !== undefined && length <= limit;
      const patience: Patience = { idleMs, until: form === "messages" ? Number.POSITIVE_INFINITY : call.receivedAt + totalMs };
      if (form === "messages" && !isKnown) {
        const reader = new BodyReader(call, body, patience, reserveMemory(call, 0));
        const check = envelopeCheck(call, maxBytes);
        return uploaded(next, call, envelopeSource(reader, maxBytes, check, pauseMs, call.chargeMessages), undefined);
      }
      if (length !== undefined && !isKnown) throw new Rejected({ kind: "body_too_large", maxBytes });
      const isLarge = isKnown && !isWhole && length > streamedFrom && !isEnveloped(call) && unaryEncoding(call) === null;
      if (isLarge || (form === "bytes" && length === undefined && !isWhole)) {
        const reader = new BodyReader(call, body, patience, reserveMemory(call, 0));
        call.requestBytes = length ?? 0;
        return uploaded(next, call, byteSource(reader, maxBytes), length);
      }
      if (isKnown && length > memory.callerMaxBytes) throw new Rejected({ kind: "body_too_large", maxBytes: memory.callerMaxBytes });
      const held = reserveMemory(call, length ?? 0);
      try {
        const startedAt = Date.now();
        const whole = await readWhole(call, body, length, { maxBytes, limit, patience, held });
        recordDelay("body", startedAt);
        const messages = form === "bytes" ? 1 : checkBody(call, whole, maxBytes);
        if (messages > 1 && call.chargeMessages !== undefined) await call.chargeMessages(messages - 1);
        call.outgoing.body = whole;
        call.requestBytes = whole.byteLength;
        call.trace?.note("limit-body", { bytes: whole.byteLength });
        return await next(call);
      } finally {
        held.release();
      }
    };
  };
}

/**
 * Sends the body to the upstream while it arrives.
 *
 * @param length that the body declares; the upstream gets it, too
 */
async function uploaded(next: Handler, call: Call, chunks: UploadSource, length: number | undefined): Promise<Response> {
  const upload = new Upload(chunks, call.signal);
  let response: Response;
  try {
    call.outgoing.body = length === undefined ? upload.body : upload.body.pipeThrough(new FixedLengthStream(length));
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
    bindToUpload(response.body, upload, isEnvelopeStream(response.headers) ? streamEnding(call.protocol, call, call) : undefined),
    response,
  );
}

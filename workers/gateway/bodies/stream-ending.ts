// How a stream of responses ends with an error, in the protocol of its reader.
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import { brokenOff, type EndedCall } from "../call/outcome.ts";
import type { Clock, RequestUpload } from "../call.ts";
import { errorDetailTypes, type Protocol } from "../protocol/protocol.ts";
import { STREAM_LATE } from "../protocol/refusal.ts";
import { cancelResponse } from "./cancel-response.ts";
import { breakOff } from "./response-body.ts";
import { finishStream, type StreamEnding } from "./upload-response.ts";

/** The envelope that ends a stream with an error. A REST call is a Connect call below the layer that transcodes it. */
export function errorEnvelope({ kind }: Protocol, error: ConnectError): Uint8Array {
  if (kind !== "grpc_web") {
    const end = JSON.stringify(endStreamToJson(new Headers(), error, { registry: errorDetailTypes }));
    return encodeEnvelope(endStreamFlag, new TextEncoder().encode(end));
  }
  const trailer = new Headers();
  setTrailerStatus(trailer, error);
  return encodeEnvelope(trailerFlag, trailerSerialize(trailer));
}

/**
 * Ends a stream of responses whose request broke off, or whose call is over; then the deadline is the reason, whatever error was read.
 * Within a message, and where the upstream breaks the stream off in time, the stream can only break off. After its last envelope it has
 * ended already, whatever becomes of the request.
 *
 * @param clock    of the attempt, or of the call
 * @param maxBytes largest message, bytes, as it is sent
 * @param tooLong  makes the error of a stream with a larger one
 */
export function streamEnding(
  protocol: Protocol,
  clock: Clock,
  call: EndedCall,
  maxBytes = Number.POSITIVE_INFINITY,
  tooLong?: () => Error,
): StreamEnding {
  const meter = envelopeMeter(maxBytes);
  const endFlag = protocol.kind === "grpc_web" ? trailerFlag : endStreamFlag;
  let isBetween = true; // what was passed on ends between two messages
  let hasEnded = false; // what was passed on ends with the last envelope
  return {
    observe(chunk) {
      if (meter.read(chunk) !== undefined) throw tooLong?.();
      isBetween = meter.isBetweenMessages();
      hasEnded = isBetween && (meter.flags() & endFlag) !== 0;
    },
    lastBytes: (failure) => {
      const isOurs = failure instanceof Rejected;
      if (hasEnded) return new Uint8Array();
      if (!isBetween || !(isOurs || clock.signal?.aborted === true || Date.now() >= clock.deadlineAt)) return undefined;
      return errorEnvelope(protocol, brokenOff(call, isOurs ? failure.rejection : STREAM_LATE));
    },
  };
}

/** A stream of responses that ends with `ending` where reading it fails, or where it breaks a limit. */
export function withEnding(body: ReadableStream<Uint8Array>, ending: StreamEnding): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          ending.observe(value);
          controller.enqueue(value);
        } catch (error) {
          finishStream(controller, error, ending);
          await reader.cancel(error).catch(() => undefined); // the stream itself may have failed
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** A stream of responses, whose request is still being sent, that fails with `tooLong` at a message of more than `maxBytes`. */
export function limitMessages(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  tooLong: () => Error,
  upload: RequestUpload | undefined,
): ReadableStream<Uint8Array> {
  const meter = envelopeMeter(maxBytes);
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        if (meter.read(value) === undefined) return controller.enqueue(value);
        breakOff(controller, tooLong());
        cancelResponse(reader, upload);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

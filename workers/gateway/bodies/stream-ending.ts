// How a stream of responses ends with an error, in the protocol of its reader.
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Clock } from "../call.ts";
import { errorDetailTypes, type Protocol } from "../protocol/protocol.ts";
import { STREAM_LATE, toRefusal } from "../protocol/refusal.ts";
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
 * Within a message, and where the upstream breaks the stream off in time, the stream can only break off.
 */
export function streamEnding(protocol: Protocol, clock: Clock): StreamEnding {
  const meter = envelopeMeter(Number.POSITIVE_INFINITY);
  return {
    observe: (chunk) => void meter.read(chunk),
    lastBytes: (failure) => {
      const isOurs = failure instanceof Rejected;
      if (!meter.isBetweenMessages() || !(isOurs || clock.signal?.aborted === true || Date.now() >= clock.deadlineAt)) return undefined;
      return errorEnvelope(protocol, toRefusal(isOurs ? failure.rejection : STREAM_LATE).error);
    },
  };
}

/** A stream of responses that ends with `ending` where reading it fails. */
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
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

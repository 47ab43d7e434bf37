// The envelope that ends a stream of responses with an error, as the protocol of the caller has it.
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

/** A REST call is one of Connect behind the layer that transcodes it. */
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
 * Ends a stream of responses whose request has broken off, or whose call is over: at its deadline, whatever its reader saw because of that.
 * Within a message it can only break off, too. So does a stream that its upstream breaks off in time.
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

/** A stream of responses with `ending` where its reading fails. */
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

// The envelope that ends a stream of responses with an error, as the protocol of the caller has it.
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Clock } from "../call.ts";
import { details, type Protocol } from "../protocol/protocol.ts";
import { TOO_LATE, toRefusal } from "../protocol/refusal.ts";
import { type Ending, finish } from "./tied.ts";

/** A REST call is one of Connect behind the layer that transcodes it. */
export function lastEnvelope({ kind }: Protocol, error: ConnectError): Uint8Array {
  if (kind !== "grpc_web") {
    const end = JSON.stringify(endStreamToJson(new Headers(), error, { registry: details }));
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
export function endingOf(protocol: Protocol, clock: Clock): Ending {
  const meter = envelopeMeter(Number.POSITIVE_INFINITY);
  return {
    see: (chunk) => void meter.read(chunk),
    after: (failure) => {
      const isOurs = failure instanceof Rejected;
      if (!meter.isBetweenMessages() || !(isOurs || clock.signal?.aborted === true || Date.now() >= clock.deadlineAt)) return undefined;
      return lastEnvelope(protocol, toRefusal(isOurs ? failure.rejection : TOO_LATE).error);
    },
  };
}

/** A stream of responses with `ending` where its reading fails. */
export function ended(body: ReadableStream<Uint8Array>, ending: Ending): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          ending.see(value);
          controller.enqueue(value);
        } catch (error) {
          finish(controller, error, ending);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

// The envelope that ends a stream of responses with an error, as the protocol of the caller has it.
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { envelopeMeter } from "../../../core/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Protocol } from "../call.ts";
import { TOO_LATE, toRefusal } from "../errors.ts";
import { details } from "../protocol.ts";
import type { Ending } from "./tied.ts";

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

/** Ends a stream of responses whose request has broken off; within a message it can only break off, too. */
export function endingOf(protocol: Protocol): Ending {
  const meter = envelopeMeter(Number.POSITIVE_INFINITY);
  return {
    see: (chunk) => void meter.see(chunk),
    after: (failure) => (meter.isBetween() ? lastEnvelope(protocol, errorOf(failure)) : undefined),
  };
}

function errorOf(failure: unknown): ConnectError {
  return toRefusal(failure instanceof Rejected ? failure.rejection : TOO_LATE).error;
}

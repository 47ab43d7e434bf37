// Checks the size of a message, or of the envelopes of a whole body, against the limit: as sent, and decompressed.
import { ConnectError } from "@connectrpc/connect";
import { EnvelopeFilter } from "../../../core/protocol/envelope.ts";
import { MAX_INFLATION } from "../../../core/protocol/inflation.ts";
import { Rejected } from "../../../core/rejection.ts";
import { messageOf, readQuery } from "../../service/query.ts";
import type { Call } from "../call.ts";
import { decompress, type EncodingHeader, isEncoded } from "./decompress.ts";

/** Streams of Connect and all of gRPC-Web put messages into envelopes. */
export function isEnveloped({ protocol: { kind } }: Call): boolean {
  return kind === "grpc_web" || kind === "connect_stream";
}

/** The coding of the message of a unary Connect call; null where it is not compressed, and for other protocols. */
export function unaryEncoding({ protocol, request }: Call): string | null {
  if (protocol.kind !== "connect_unary") return null;
  const encoding = request.headers.get("content-encoding");
  return isEncoded(encoding) ? encoding : null;
}

/**
 * A check of each compressed message in an enveloped body; undefined where the header names no coding, so that no upstream can read such a
 * message.
 *
 * @throws Rejected for a coding that cannot be measured
 */
export function envelopeCheck({ protocol, request, route }: Call, maxBytes: number): ((message: Uint8Array) => void) | undefined {
  const isGrpcWeb = protocol.kind === "grpc_web";
  const encoding = request.headers.get(isGrpcWeb ? "grpc-encoding" : "connect-content-encoding");
  if (!isEncoded(encoding)) return undefined;
  const advertise: EncodingHeader = isGrpcWeb ? "grpc-accept-encoding" : "connect-accept-encoding";
  decompress(new Uint8Array(), encoding, maxBytes, advertise); // refuses an unknown coding before the upstream is called
  return (message) => void decompress(message, encoding, maxBytes, advertise, route.maxInflation);
}

/**
 * @returns the number of messages
 * @throws Rejected where a message is too large, cut short, or not in its coding
 */
export function checkBody(call: Call, body: Uint8Array, maxBytes: number): number {
  if (isEnveloped(call)) {
    const gate = new EnvelopeFilter(maxBytes, envelopeCheck(call, maxBytes));
    gate.pass(body);
    gate.end();
    return gate.messages;
  }
  if (body.byteLength > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
  const encoding = unaryEncoding(call);
  if (encoding !== null) decompress(body, encoding, maxBytes, "accept-encoding", call.route.maxInflation);
  return 1;
}

/** The message of a Connect GET. What cannot be read is left to the upstream, which refuses it. */
export function checkQuery(query: string, maxBytes: number, maxInflation = MAX_INFLATION): void {
  if (query.length <= maxBytes && !query.includes("compression=")) return;
  const parameters = readQuery(query);
  let message: Uint8Array;
  try {
    message = messageOf(parameters);
  } catch (error) {
    if (error instanceof ConnectError) return;
    throw error;
  }
  if (message.byteLength > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
  if (isEncoded(parameters.compression)) decompress(message, parameters.compression, maxBytes, "accept-encoding", maxInflation);
}

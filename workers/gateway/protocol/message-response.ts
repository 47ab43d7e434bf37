// A response that the gateway itself makes to a unary call: one message, in the protocol and encoding of the call.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
import { joinBytes } from "../../../core/bytes.ts";
import { readQuery } from "../../service/query.ts";
import type { Call } from "../call.ts";
import type { Protocol } from "./protocol.ts";

const OK = new TextEncoder().encode("grpc-status: 0\r\n");

/** A message in both encodings. */
export interface EncodedMessage {
  readonly binary: Uint8Array;
  readonly json: Uint8Array;
}

/** @param contentType by which the encoding is chosen, and which the response has */
export function messageResponse(
  protocol: Protocol,
  contentType: string,
  { binary, json }: EncodedMessage,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const message = /json\b/.test(contentType) ? json : binary;
  const body = protocol.kind === "grpc_web" ? joinBytes([encodeEnvelope(0, message), encodeEnvelope(trailerFlag, OK)]) : message;
  return new Response(body as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": contentType, ...headers } });
}

/**
 * The content type of the caller; below `transcode` a REST call is a Connect call with a binary message.
 *
 * @param query of the call as it came: layers may turn a GET into a POST
 */
export function callerContentType({ protocol, request }: Pick<Call, "protocol" | "request">, query: string): string {
  if (protocol.kind === "rest") return "application/proto";
  return request.method === "GET" ? `application/${readQuery(query).encoding}` : (request.headers.get("content-type") ?? "");
}

// The protocols by which an operation can be called.
import type { Entry } from "../contract/contract.ts";

export type WireProtocol = "rest" | "connect" | "connect-get" | "grpc-web";

export const PROTOCOL_NAMES: Readonly<Record<WireProtocol, string>> = {
  rest: "REST",
  connect: "Connect",
  "connect-get": "Connect GET",
  "grpc-web": "gRPC-Web",
};

/** An operation without an HTTP rule has no REST form; Connect has GET for methods that change nothing. The first is the default. */
export function protocolsOf({ method, path, operation }: Entry): readonly [WireProtocol, ...WireProtocol[]] {
  const { "x-connect": connect } = operation;
  const others: WireProtocol[] = connect.kind === "unary" && !connect.sideEffects ? ["connect-get", "grpc-web"] : ["grpc-web"];
  if (path !== connect.path) return ["rest", "connect", ...others];
  return method === "GET" ? ["connect-get", "connect", "grpc-web"] : ["connect", ...others];
}

/** Whether the response has more than one message. */
export function hasStreamOfResponses({ operation }: Entry): boolean {
  return operation["x-connect"].kind === "server_streaming" || operation["x-connect"].kind === "bidi_streaming";
}

/** Whether the request has more than one message. */
export function hasStreamOfRequests({ operation }: Entry): boolean {
  return operation["x-connect"].kind === "client_streaming" || operation["x-connect"].kind === "bidi_streaming";
}

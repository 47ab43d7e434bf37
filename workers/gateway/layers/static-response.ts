// Responds with a message of the configuration while the upstream, and its fallback, are down.

import { type DescMethod, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
import { joinBytes } from "../../../core/bytes.ts";
import { FALLBACK_HEADER } from "../../../core/headers.ts";
import { logEvent } from "../../log.ts";
import { readQuery } from "../../service/query.ts";
import type { Layer } from "../call/layer.ts";
import { type Call, logFactsOf } from "../call.ts";
import { failureOf, failureOfError, isDown } from "../upstream/dispatch/failure.ts";

const OK = new TextEncoder().encode("grpc-status: 0\r\n");

/** @param message what an operator has configured; undefined where nothing is */
export function staticResponse(method: DescMethod, message: Message | undefined): Layer | undefined {
  if (message === undefined) return undefined;
  const binary = toBinary(method.output, message);
  const json = new TextEncoder().encode(toJsonString(method.output, message));
  return (next) => async (call) => {
    const { query } = call.outgoing; // layers below may turn a GET into a POST
    try {
      const response = await next(call);
      const failure = failureOf(response);
      if (failure === undefined || !isDown(failure)) return response;
      await response.body?.cancel();
    } catch (error) {
      const failure = failureOfError(error);
      if (failure === undefined || !isDown(failure)) throw error;
    }
    logEvent("static_response_sent", logFactsOf(call));
    return responseTo(call, query, binary, json);
  };
}

function responseTo(call: Call, query: string, binary: Uint8Array, json: Uint8Array): Response {
  const { protocol } = call;
  const contentType = contentTypeOf(call, query);
  const message = /json\b/.test(contentType) ? json : binary;
  const body = protocol.kind === "grpc_web" ? joinBytes([encodeEnvelope(0, message), encodeEnvelope(trailerFlag, OK)]) : message;
  const headers = { "Content-Type": contentType, "Cache-Control": "no-store", [FALLBACK_HEADER]: "static_response" };
  return new Response(body as Uint8Array<ArrayBuffer>, { headers });
}

/** The content type of the caller; below `transcode` a REST call is a Connect call with a binary message. */
function contentTypeOf({ protocol, request }: Call, query: string): string {
  if (protocol.kind === "rest") return "application/proto";
  return request.method === "GET" ? `application/${readQuery(query).encoding}` : request.headers.get("content-type")!;
}

// Where nobody answers, answers with a message that an operator has written down for that.

import { type DescMethod, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
import { FALLBACK_HEADER } from "../../../core/headers.ts";
import { logEvent } from "../../log.ts";
import { readQuery } from "../../service/query.ts";
import { type Call, type Layer, logFactsOf } from "../call.ts";
import { failureIn, failureOf, isDown } from "../upstream/failure.ts";

const OK = new TextEncoder().encode("grpc-status: 0\r\n");

export function standIn(method: DescMethod, message: Message): Layer {
  const binary = toBinary(method.output, message);
  const json = new TextEncoder().encode(toJsonString(method.output, message));
  return (next) => async (call) => {
    try {
      const response = await next(call);
      const failure = failureOf(response);
      if (failure === undefined || !isDown(failure)) return response;
      await response.body?.cancel();
    } catch (error) {
      const failure = failureIn(error);
      if (failure === undefined || !isDown(failure)) throw error;
    }
    logEvent("static_response_sent", logFactsOf(call));
    return answer(call, binary, json);
  };
}

function answer({ protocol, outgoing }: Call, binary: Uint8Array, json: Uint8Array): Response {
  const contentType =
    outgoing.method === "GET" ? `application/${readQuery(outgoing.query).encoding}` : outgoing.headers.get("content-type")!;
  const message = /json\b/.test(contentType) ? json : binary;
  const body = protocol.kind === "grpc_web" ? joined(encodeEnvelope(0, message), encodeEnvelope(trailerFlag, OK)) : message;
  const headers = { "Content-Type": contentType, "Cache-Control": "no-store", [FALLBACK_HEADER]: "static_response" };
  return new Response(body as Uint8Array<ArrayBuffer>, { headers });
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

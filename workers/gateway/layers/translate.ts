// Calls an upstream in its own protocol where the caller uses another one. Envelopes, trailers, errors and timeouts are rewritten; messages
// are not.
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { assert } from "../../../core/assert.ts";
import type { SpokenProtocol } from "../../../core/config/upstream.ts";
import { Rejected } from "../../../core/rejection.ts";
import { readQuery } from "../../service/query.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { brokenOff, recordIn, refusedAs } from "../call/outcome.ts";
import type { Call } from "../call.ts";
import { mediaType, type Protocol } from "../protocol/protocol.ts";
import { STREAM_BROKEN, STREAM_LATE } from "../protocol/refusal.ts";
import { messageIn, rememberMessage } from "../transcode/decoded-messages.ts";
import { withDebugDetails } from "../transcode/status.ts";
import { codecOf } from "../translate/headers.ts";
import { streamFromConnect, toConnect, unaryFromConnect } from "../translate/to-connect.ts";
import { streamFromGrpcWeb, toGrpcWeb, unaryFromGrpcWeb } from "../translate/to-grpc-web.ts";

const BINARY = ["application/proto", "application/connect+proto", "application/grpc-web", "application/grpc-web+proto"];

/**
 * @param spoken protocol of the upstream; calls that come in it are not changed
 * @param types  types in which details of errors are described in JSON
 */
export function translate(spoken: SpokenProtocol, method: DescMethod, types: Registry): Layer | undefined {
  switch (spoken) {
    case "both":
      return undefined;
    case "grpc":
      return nativeGrpc(method, types);
    default:
      return translateTo(spoken, method.methodKind === "unary", types);
  }
}

function translateTo(spoken: "connect" | "grpc_web", isUnary: boolean, types: Registry): Layer {
  const describe = (error: ConnectError): ConnectError => withDebugDetails(error, types);
  return needsWholeBody((next) => async (call) => {
    const isGrpcWeb = call.protocol.kind === "grpc_web";
    if (isGrpcWeb === (spoken === "grpc_web")) return next(call);
    const codec = codecOf(mediaType(call.outgoing.headers.get("content-type")));
    const whyEnded = (reason: unknown): ConnectError => {
      const isLate = call.signal?.aborted === true;
      return brokenOff(call, isLate ? STREAM_LATE : reason instanceof Rejected ? reason.rejection : STREAM_BROKEN);
    };
    try {
      const { outgoing } = call;
      (isGrpcWeb ? toConnect : toGrpcWeb)(outgoing, isUnary, isUnary ? wholeOf(call) : null);
      outgoing.protocol = protocolOf(spoken, isUnary, outgoing.headers);
      call.isTranslated = true;
      const response = await next(call);
      if (isGrpcWeb) return isUnary ? await unaryFromConnect(response, codec) : streamFromConnect(response, codec, whyEnded);
      return isUnary
        ? rememberMessage(recordIn(call, await unaryFromGrpcWeb(response, describe)), messageIn(response))
        : streamFromGrpcWeb(response, whyEnded, describe);
    } catch (error) {
      if (error instanceof ConnectError) return refusedAs(call, { error, reason: "invalid_request" }, rpcOf(call.protocol));
      throw error;
    }
  });
}

/**
 * For an upstream of native gRPC: Cloudflare's edge converts gRPC-Web with the content type without a suffix into it. Its messages are
 * binary, and the edge does not convert streams of requests.
 */
function nativeGrpc({ methodKind }: DescMethod, types: Registry): Layer {
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming")
    return () => async (call) => {
      const error = new ConnectError("streams of requests are not served here", Code.Unimplemented);
      return refusedAs(call, { error, reason: "stream_unsupported" }, rpcOf(call.protocol));
    };
  const toGrpcWeb = translateTo("grpc_web", methodKind === "unary", types);
  return needsWholeBody((next) => {
    const translated = toGrpcWeb(async (call) => {
      call.outgoing.headers.set("content-type", "application/grpc-web");
      call.outgoing.headers.set("x-grpc-web", "1");
      return next(call);
    });
    return async (call) => {
      const { outgoing, protocol } = call;
      const isGet = outgoing.method === "GET";
      const found = isGet ? `application/${readQuery(outgoing.query).encoding}` : outgoing.headers.get("content-type");
      if (codecOf(mediaType(found)) === "json") throw new Rejected({ kind: "unsupported_content_type", found, accepted: BINARY });
      const response = await translated(call);
      if (protocol.kind === "grpc_web" && mediaType(response.headers.get("content-type")).startsWith("application/grpc-web"))
        response.headers.set("content-type", protocol.contentType);
      return response;
    };
  });
}

function wholeOf({ outgoing: { body } }: Call): Uint8Array<ArrayBuffer> | null {
  assert(!(body instanceof ReadableStream), "the body of a unary call is read whole before it is translated");
  return body;
}

function protocolOf(spoken: "connect" | "grpc_web", isUnary: boolean, headers: Headers): Protocol {
  const contentType = headers.get("content-type") ?? "";
  if (spoken === "grpc_web") return { kind: "grpc_web", contentType };
  return isUnary ? { kind: "connect_unary" } : { kind: "connect_stream", contentType };
}

/** A REST call is a Connect call below `transcode`. */
function rpcOf(protocol: Protocol): Protocol {
  return protocol.kind === "rest" ? { kind: "connect_unary" } : protocol;
}

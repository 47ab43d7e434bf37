// Detects the protocol of a request, and writes refusals in each protocol.
import type { DescMethod } from "@bufbuild/protobuf";
import { createRegistry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, endStreamFlag, endStreamToJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { REASON_HEADER } from "../../../core/headers.ts";
import type { Rejection } from "../../../core/rejection.ts";
import { file_google_rpc_error_details } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { statusJson } from "../transcode/status.ts";
import type { Refusal } from "./refusal.ts";

/** The protocol of a request, in which its responses are written, too. */
export type Protocol =
  | { readonly kind: "connect_unary" }
  | { readonly kind: "connect_stream"; readonly contentType: string }
  | { readonly kind: "grpc_web"; readonly contentType: string }
  | { readonly kind: "rest" };

const UNARY: readonly string[] = ["application/proto", "application/json"];
const STREAM: readonly string[] = ["application/connect+proto", "application/connect+json"];
const GRPC_WEB: readonly string[] = ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"];
const GRPC_WEB_TEXT: readonly string[] = ["application/grpc-web-text", "application/grpc-web-text+proto"];

/** The parameter of every Connect GET. @see connectrpc.com/docs/protocol, "Unary-Get-Request" */
const CONNECT_GET = /[?&]connect=v1(?:&|$)/;
const PLAIN = /^[a-z+/-]+$/;

export const CONNECT_UNARY: Protocol = { kind: "connect_unary" };
export const REST: Protocol = { kind: "rest" };

/** The types of google/rpc/error_details.proto, in which refusals carry their details. */
export const errorDetailTypes = createRegistry(file_google_rpc_error_details);

/** The media type in lower case, without parameters such as `; charset=utf-8`. */
export function mediaType(contentType: string | null): string {
  if (contentType === null) return "";
  if (PLAIN.test(contentType)) return contentType;
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Whether a response is a stream of envelopes, whose last one has the status; a proxy may have compressed it, and then it is none. */
export function isEnvelopeStream(headers: Headers): boolean {
  if ((headers.get("content-encoding") ?? "identity") !== "identity") return false;
  const type = mediaType(headers.get("content-type"));
  return type.startsWith("application/connect+") || type.startsWith("application/grpc-web");
}

/**
 * The codings that the caller accepts: `identity` where it names none. Cloudflare's edge, and the proxy of `wrangler dev`, write an
 * `Accept-Encoding` of their own and keep the caller's in `request.cf`.
 *
 * @param sent the request's own header
 * @see developers.cloudflare.com/workers/runtime-apis/request, clientAcceptEncoding
 */
export function acceptEncodingOf(request: Request, sent = request.headers.get("accept-encoding")): string {
  if (sent === null) return "identity"; // nobody has replaced it; to read `cf` parses all of it, for each request
  const { cf } = request as Request & { readonly cf?: { readonly clientAcceptEncoding?: string } };
  return (cf?.clientAcceptEncoding ?? sent) || "identity";
}

/** The protocol that the headers indicate, whether or not the path is that of a method. */
export function detectProtocol(request: Request): Protocol {
  const contentType = mediaType(request.headers.get("content-type"));
  if (contentType.startsWith("application/grpc-web")) return { kind: "grpc_web", contentType };
  if (contentType.startsWith("application/connect+")) return { kind: "connect_stream", contentType };
  if (contentType === "application/proto" || request.headers.has("connect-protocol-version")) return CONNECT_UNARY;
  if (request.method === "GET" && CONNECT_GET.test(request.url)) return CONNECT_UNARY;
  return REST;
}

/** The protocol of a call to a known method; or a refusal, and the protocol to write it in. */
export function negotiateProtocol(
  request: Request,
  method: DescMethod,
): Protocol | { readonly refusal: Rejection; readonly spoken: Protocol } {
  const isUnary = method.methodKind === "unary";
  const verb = request.method; // read once: the property is a getter
  if (verb === "GET" && allowsConnectGet(method)) return CONNECT_UNARY;
  if (verb !== "POST") {
    const allow = allowsConnectGet(method) ? ["GET", "HEAD", "POST"] : ["POST"];
    return { refusal: { kind: "method_not_allowed", method: verb, allow }, spoken: CONNECT_UNARY };
  }
  const found = request.headers.get("content-type");
  const contentType = mediaType(found);
  const accepted = isUnary ? UNARY : STREAM;
  if (accepted.includes(contentType)) return isUnary ? CONNECT_UNARY : { kind: "connect_stream", contentType };
  if (GRPC_WEB.includes(contentType) || GRPC_WEB_TEXT.includes(contentType)) return { kind: "grpc_web", contentType };
  const spoken = detectProtocol(request);
  const refusal: Rejection = { kind: "unsupported_content_type", found, accepted: [...accepted, ...GRPC_WEB, ...GRPC_WEB_TEXT] };
  return { refusal, spoken: spoken.kind === "grpc_web" ? spoken : CONNECT_UNARY };
}

/** Connect lets a unary method without side effects be called with GET. */
export function allowsConnectGet(method: DescMethod): boolean {
  return method.methodKind === "unary" && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** Writes a refusal as an error of the given protocol. */
export function writeRefusal(protocol: Protocol, { error, reason, httpStatus, isConnectJson, rest }: Refusal): Response {
  switch (protocol.kind) {
    case "connect_unary": {
      const { metadata: headers } = error; // no copy: the error is of this refusal alone
      // Not `application/json` alone where the status is not Connect's: clients would take it for an error of the method.
      headers.set(REASON_HEADER, reason);
      headers.set(
        "Content-Type",
        httpStatus === undefined || isConnectJson === true ? "application/json" : "application/json; charset=utf-8",
      );
      const body = JSON.stringify(errorToJson(error, { registry: errorDetailTypes }));
      return new Response(body, { status: httpStatus ?? codeToHttpStatus(error.code), headers });
    }
    case "connect_stream": {
      const end = JSON.stringify(endStreamToJson(new Headers(), error, { registry: errorDetailTypes }));
      const headers = new Headers(error.metadata);
      headers.set(REASON_HEADER, reason);
      headers.set("Content-Type", protocol.contentType);
      return new Response(encodeEnvelope(endStreamFlag, new TextEncoder().encode(end)), { headers });
    }
    case "grpc_web": {
      const headers = new Headers();
      setTrailerStatus(headers, error); // "trailers only": the headers have the status and the metadata, the body is empty
      for (const [name, value] of error.metadata) headers.set(name, value); // setTrailerStatus leaves out names of the protocol: grpc-accept-encoding
      headers.set(REASON_HEADER, reason);
      headers.set("Content-Type", protocol.contentType);
      return new Response(null, { headers });
    }
    case "rest": {
      const { status, body } = statusJson(error, errorDetailTypes);
      const json = { ...body, code: rest?.code ?? body.code };
      const response = Response.json(json, { status: rest?.status ?? httpStatus ?? status, headers: error.metadata });
      response.headers.set(REASON_HEADER, reason);
      return response;
    }
  }
}

// Error responses to requests that are refused before their message is read, in the protocol of the caller: an unknown path, a wrong HTTP
// method, an unsupported content type, or an overloaded host.

import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  contentTypeStreamRegExp,
  contentTypeUnaryRegExp,
  endStreamFlag,
  endStreamToJson,
  errorToJson,
  parseContentType,
} from "@connectrpc/connect/protocol-connect";
import {
  contentTypeRegExp as contentTypeGrpcWeb,
  parseContentType as parseGrpcWeb,
  setTrailerStatus,
} from "@connectrpc/connect/protocol-grpc-web";
import { printable } from "../../core/protocol/printable.ts";

const GRPC_WEB_TYPES = ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"];
const UNARY_TYPES = ["application/json", "application/proto", ...GRPC_WEB_TYPES].join(", ");
const STREAM_TYPES = ["application/connect+json", "application/connect+proto", ...GRPC_WEB_TYPES].join(", ");

/** @returns the response to a request that cannot be a call of this method; undefined where it can */
export function refusalFor(request: Request, method: DescMethod): Response | undefined {
  const isUnary = method.methodKind === "unary";
  if (isUnary && request.method === "GET" && hasNoSideEffects(method)) return undefined;
  if (request.method !== "POST") {
    const allow = isUnary && hasNoSideEffects(method) ? "GET, POST" : "POST";
    return json(new ConnectError(`method ${printable(request.method)} is not allowed, use ${allow}`, Code.Unknown, { Allow: allow }), 405);
  }
  const contentType = request.headers.get("content-type");
  if (isContentType(contentType, isUnary)) return undefined;
  return unsupported(
    contentType === null ? "a request without content type" : `content type "${printable(contentType)}"`,
    isUnary ? UNARY_TYPES : STREAM_TYPES,
  );
}

export function unsupported(format: string, accepted: string): Response {
  return json(new ConnectError(`${format} is not accepted, use ${accepted}`, Code.Unknown, { "Accept-Post": accepted }), 415);
}

/** No method is served at this path. */
export function unimplemented(request: Request, path: string): Response {
  return errorResponse(request, new ConnectError(`${printable(path)} is not implemented`, Code.Unimplemented), 404);
}

/** The host is overloaded; the caller may try again in a second. */
export function overloaded(request: Request, reason: string): Response {
  return errorResponse(request, new ConnectError(`overloaded: ${reason}`, Code.Unavailable, { "Retry-After": "1" }), 503);
}

/** The call does not prove who makes it, or through which gateway it has come. The reason is for the log alone. */
export function notProven(request: Request): Response {
  return errorResponse(request, new ConnectError("call this service through its gateway", Code.Unauthenticated), 401);
}

/** The Worker that makes the call may not call this method. The reason is for the log alone. */
export function notAllowed(request: Request): Response {
  return errorResponse(request, new ConnectError("the calling service may not call this method", Code.PermissionDenied), 403);
}

/** The call has been through too many services, as if they called one another in a circle. */
export function tooDeep(request: Pick<Request, "headers">, depth: number): Response {
  const problem = `call has been through ${depth} services, as if they called one another in a circle`;
  return errorResponse(request, new ConnectError(problem, Code.FailedPrecondition), 508);
}

/** Who makes the call cannot be decided: the keys of the gateway are not known. */
export function keysUnavailable(request: Request): Response {
  return errorResponse(request, new ConnectError("the caller cannot be verified now", Code.Unavailable, { "Retry-After": "1" }), 503);
}

/** An error in the protocol of the request, known from its content type alone. */
function errorResponse(request: Pick<Request, "headers">, error: ConnectError, status: number): Response {
  const contentType = request.headers.get("content-type") ?? "";
  if (contentTypeGrpcWeb.test(contentType)) {
    const headers = setTrailerStatus(new Headers({ "Content-Type": contentType }), error); // "trailers only": the body is empty
    return new Response(null, { headers });
  }
  if (parseContentType(contentType)?.stream === true) {
    const end = new TextEncoder().encode(JSON.stringify(endStreamToJson(error.metadata, error, undefined)));
    return new Response(encodeEnvelope(endStreamFlag, end), { headers: { "Content-Type": contentType } });
  }
  return json(error, status);
}

function isContentType(contentType: string | null, isUnary: boolean): boolean {
  if (contentType === null) return false;
  const isConnect = (isUnary ? contentTypeUnaryRegExp : contentTypeStreamRegExp).test(contentType);
  return isConnect || parseGrpcWeb(contentType)?.text === false;
}

function hasNoSideEffects(method: DescMethod): boolean {
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** Code and status agree by the table of Connect, so that a client that reads the status alone has the same code. */
function json(error: ConnectError, status: number): Response {
  error.metadata.set("Content-Type", "application/json; charset=utf-8");
  return new Response(JSON.stringify(errorToJson(error, undefined)), { status, headers: error.metadata });
}

// Checks whether the head of an upstream's response can belong to an RPC, and names the problem and the fix if it cannot.
import { printable } from "./printable.ts";

/** The protocol in which the upstream was called. */
export type CallProtocol = "connect_unary" | "connect_stream" | "grpc_web";

export interface ResponseHead {
  readonly status: number;
  readonly contentType: string; // the media type alone, lower case; "" for none
  readonly length: string | null; // the content-length header
  readonly grpcStatus: string | null;
  readonly isConditional?: boolean; // the request had a condition, which 304 answers
}

/** The error code that the caller gets for an invalid response. */
export type InvalidResponseCode =
  | "internal"
  | "unavailable"
  | "unauthenticated"
  | "permission_denied"
  | "unimplemented"
  | "resource_exhausted"
  | "failed_precondition";

/** What is wrong with a response. */
export type InvalidResponseFault =
  | "status"
  | "content_type"
  | "headers"
  | "body"
  | "truncated"
  | "too_large"
  | "too_many_elements"
  | "unencodable"; // valid, and without a form in the protocol of the caller

export interface InvalidResponse {
  readonly fault: InvalidResponseFault;
  readonly problem: string; // part of a message that begins with the upstream's name: "responded with status 502"
  readonly code: InvalidResponseCode;
  readonly countsAsFailure: boolean; // breakers count it against the endpoint, and another attempt may succeed
  readonly httpStatus?: number; // where the status that Connect has for the code would blame the caller
}

/**
 * Checks the head of a response. The code follows Connect's table of HTTP statuses with one difference: `unknown` there is `internal` here,
 * because it is a fault of the upstream. A 4xx of a proxy before the upstream refuses the request, so it does not count against the endpoint,
 * and neither does a 501, 505 or 508.
 *
 * @param expected media type of a successful response, as `expectedType` writes it
 * @returns undefined if the head is valid; the body may still be invalid
 * @see connectrpc.com/docs/protocol, HTTP to Error Code
 */
export function checkHead(wire: CallProtocol, expected: string, head: ResponseHead): InvalidResponse | undefined {
  const { status, contentType, length, grpcStatus } = head;
  if (wire === "connect_unary") {
    if (status === 200 && contentType === expected)
      return length === "0" && expected === "application/json"
        ? brokenBody("responded with an empty body, which is not a JSON message")
        : undefined;
    if ((status === 304 && head.isConditional === true) || mayBeError(head)) return undefined;
  } else if (wire === "connect_stream") {
    if ((status === 200 && contentType === expected) || mayBeError(head)) return undefined; // some servers refuse a stream with a unary error
  } else {
    if (status === 200 && (contentType === expected || sameCodec(contentType, expected))) return undefined;
    if (grpcStatus !== null && grpcStatus !== "0") return undefined; // a trailers-only response: the error is in the headers
  }
  return invalidHead(wire, expected, head);
}

/**
 * Whether a server error says something about the call, and not about the server: a method that it does not have (501), or not in this
 * version of HTTP (505), or a request that has been there too often (508).
 */
export function isAboutCall(status: number): boolean {
  return status === 501 || status === 505 || status === 508;
}

/** Whether only the body shows if this is an error of Connect. */
export function mayBeError({ status, contentType }: Pick<ResponseHead, "status" | "contentType">): boolean {
  return status >= 400 && contentType === "application/json";
}

/** The problem and the error code of an invalid head. */
export function invalidHead(wire: CallProtocol, expected: string, head: ResponseHead): InvalidResponse {
  const { status, contentType } = head;
  const problem = `responded with ${statusPart(status)}${typePart(contentType)}${because(wire, expected, head)}`;
  const fault = status === 200 ? "content_type" : "status";
  return { fault, problem, code: codeOf(status), countsAsFailure: status < 400 || (status >= 500 && !isAboutCall(status)) };
}

/** The media type of a successful response. @param query names the codec of a Connect GET */
export function expectedType(contentType: string, query: string): string {
  if (contentType !== "") return contentType;
  return /[?&]encoding=json(?:&|$)/.test(query) ? "application/json" : "application/proto";
}

/** A response with a valid head and an invalid body. */
export function brokenBody(problem: string): InvalidResponse {
  return { fault: "body", problem, code: "internal", countsAsFailure: true };
}

/** A valid response, of which the protocol of the caller has no form. */
export function unencodable(problem: string): InvalidResponse {
  return { fault: "unencodable", problem, code: "internal", countsAsFailure: false };
}

/** A response whose headers are too large. */
export function tooManyFields(maxBytes: number): InvalidResponse {
  return { fault: "headers", problem: `sent more than ${maxBytes} bytes of headers`, code: "unavailable", countsAsFailure: true };
}

/** A response without its end: the connection was lost, or the upstream stopped. */
export function truncated(problem: string): InvalidResponse {
  return { fault: "truncated", problem, code: "unavailable", countsAsFailure: true };
}

/**
 * A response, or a message of a stream, over the limit. The caller may have requested that much, so it does not count against the endpoint,
 * and another attempt would be as large.
 *
 * @param what     what is too large: `a response`, `a message`
 * @param maxBytes the limit, bytes
 */
export function tooLarge(what: string, maxBytes: number): InvalidResponse {
  return overLimit("too_large", `sent ${what} of more than ${maxBytes} bytes; the limit is maxResponseBytes`);
}

/** The same for the elements of a message that is to be decoded. */
export function tooManyElements(maxElements: number): InvalidResponse {
  return overLimit("too_many_elements", `sent a message of more than ${maxElements} elements; the limit is maxResponseElements`);
}

function overLimit(fault: InvalidResponseFault, problem: string): InvalidResponse {
  return { fault, problem, code: "resource_exhausted", countsAsFailure: false, httpStatus: 502 };
}

function statusPart(status: number): string {
  return status === 200 ? "" : `status ${status} and `;
}

function typePart(contentType: string): string {
  return contentType === "" ? "no content type" : `content type "${printable(contentType)}"`;
}

/** The likely reason, and the fix if it is in the configuration. */
function because(wire: CallProtocol, expected: string, { status, contentType }: ResponseHead): string {
  const isGrpcWeb = contentType.startsWith("application/grpc-web");
  const isConnect = contentType.startsWith("application/connect+") || contentType === "application/proto";
  if (status === 505)
    return ": it serves this method only over HTTP/2 and was called over HTTP/1.1; use a server that streams over HTTP/1.1, or put a proxy in front that calls it over HTTP/2";
  if (isGrpcWeb && wire !== "grpc_web") return `: it speaks gRPC-Web, and was called in Connect; set upstream.protocol: "grpc_web"`;
  if (!isGrpcWeb && contentType.startsWith("application/grpc"))
    return ': it speaks gRPC; set upstream.protocol: "grpc", which Cloudflare converts';
  if (isConnect && wire === "grpc_web") return ': it speaks Connect, and was called in gRPC-Web; set upstream.protocol: "connect"';
  if (status === 415)
    return `: it does not accept "${expected}"; set upstream.protocol to what it speaks: ${wire === "grpc_web" ? '"connect"' : '"grpc_web"'}`;
  if (status === 404) return ": it does not serve this method there; check the path of upstream.url";
  if (status === 304) return ": it confirms a stored response, and the request had no condition";
  if (status >= 300 && status < 400) return ": a redirect, which no RPC service sends; check upstream.url";
  if (status !== 200) return ", which is not an RPC error";
  return contentType === "" ? "" : `, not "${expected}": this is not an RPC response; check upstream.url and upstream.protocol`;
}

function codeOf(status: number): InvalidResponseCode {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "permission_denied";
    case 404:
    case 501:
      return "unimplemented";
    case 413:
      return "resource_exhausted";
    case 508:
      return "failed_precondition";
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return "unavailable";
    default:
      return status >= 520 && status <= 527 ? "unavailable" : "internal"; // 520 to 527: Cloudflare cannot reach the origin
  }
}

/** `application/grpc-web` means the same as with `+proto`; text mode is recognized from the body. */
function sameCodec(contentType: string, expected: string): boolean {
  return contentType.startsWith("application/grpc-web") && contentType.endsWith("+json") === expected.endsWith("+json");
}

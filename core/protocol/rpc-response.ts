// Whether the head of an upstream's response can be that of an RPC, and what is wrong with it where it can't.

/** The protocol in which the upstream was called. */
export type CallProtocol = "connect_unary" | "connect_stream" | "grpc_web";

export interface ResponseHead {
  readonly status: number;
  readonly contentType: string; // the media type alone, lower case; "" for none
  readonly length: string | null; // of the body, as the header has it
  readonly grpcStatus: string | null;
}

/** The code that callers get for a response that is no RPC response. */
export type InvalidResponseCode =
  | "internal"
  | "unavailable"
  | "unauthenticated"
  | "permission_denied"
  | "unimplemented"
  | "resource_exhausted";

export interface InvalidResponse {
  readonly problem: string; // what the upstream did, without its name: "responded with status 502"
  readonly code: InvalidResponseCode;
  readonly countsAsFailure: boolean; // it speaks against the endpoint, and another attempt may do better
}

/**
 * HTTP status to code by the table of Connect, and one difference: what is `unknown` there is `internal` here, since it is the upstream's
 * fault. Requests that a proxy before the upstream refuses for what is in them (4xx) speak against no endpoint, nor does what it cannot do.
 *
 * @param expected media type of a successful response, as `expectedType` writes it
 * @returns undefined where the head fits; the body is another matter
 * @see connectrpc.com/docs/protocol, HTTP to Error Code
 */
export function checkHead(wire: CallProtocol, expected: string, head: ResponseHead): InvalidResponse | undefined {
  const { status, contentType, length, grpcStatus } = head;
  if (wire === "connect_unary") {
    if (status === 200 && contentType === expected)
      return length === "0" && expected === "application/json"
        ? brokenBody("responded with an empty body, which is no JSON message")
        : undefined;
    if (status === 304 || mayBeError(head)) return undefined;
  } else if (wire === "connect_stream") {
    if ((status === 200 && contentType === expected) || mayBeError(head)) return undefined; // some refuse a stream before it begins
  } else {
    if (status === 200 && (contentType === expected || sameCodec(contentType, expected))) return undefined;
    if (grpcStatus !== null && grpcStatus !== "0") return undefined; // an error in the headers alone
  }
  return invalidHead(wire, expected, head);
}

/** Whether the body has to say if it is an error of Connect. */
export function mayBeError({ status, contentType }: Pick<ResponseHead, "status" | "contentType">): boolean {
  return status >= 400 && contentType === "application/json";
}

/** What a response that is no RPC response stands for. */
export function invalidHead(wire: CallProtocol, expected: string, head: ResponseHead): InvalidResponse {
  const { status, contentType } = head;
  const problem = `responded with ${statusPart(status)}${typePart(contentType)}${because(wire, expected, head)}`;
  return { problem, code: codeOf(status), countsAsFailure: status < 400 || (status >= 500 && status !== 501 && status !== 505) };
}

/** The media type that a successful response has. @param query of a Connect GET, which names the codec there */
export function expectedType(contentType: string, query: string): string {
  if (contentType !== "") return contentType;
  return /[?&]encoding=json(?:&|$)/.test(query) ? "application/json" : "application/proto";
}

/** A response whose body is no RPC response. */
export function brokenBody(problem: string): InvalidResponse {
  return { problem, code: "internal", countsAsFailure: true };
}

/** A response whose end is missing: the connection was lost, or the upstream gave up. */
export function truncated(problem: string): InvalidResponse {
  return { problem, code: "unavailable", countsAsFailure: true };
}

function statusPart(status: number): string {
  return status === 200 ? "" : `status ${status} and `;
}

function typePart(contentType: string): string {
  return contentType === "" ? "no content type" : `content type "${contentType.slice(0, 100)}"`;
}

/** The reason, and the fix where the configuration is what is wrong. */
function because(wire: CallProtocol, expected: string, { status, contentType }: ResponseHead): string {
  const isGrpcWeb = contentType.startsWith("application/grpc-web");
  const isConnect = contentType.startsWith("application/connect+") || contentType === "application/proto";
  if (status === 505)
    return ": it serves this method over HTTP/2 only, and was called over HTTP/1.1; call a service that serves streams over HTTP/1.1, or put a proxy before it that speaks HTTP/2 to it";
  if (isGrpcWeb && wire !== "grpc_web") return `: it speaks gRPC-Web, and was called in Connect; set upstream.protocol: "grpc_web"`;
  if (!isGrpcWeb && contentType.startsWith("application/grpc"))
    return ': it speaks gRPC; set upstream.protocol: "grpc", which Cloudflare converts';
  if (isConnect && wire === "grpc_web") return ': it speaks Connect, and was called in gRPC-Web; set upstream.protocol: "connect"';
  if (status === 415)
    return `: it does not take "${expected}"; set upstream.protocol to what it speaks: ${wire === "grpc_web" ? '"connect"' : '"grpc_web"'}`;
  if (status === 404) return ": it does not serve this method there; check the path of upstream.url";
  if (status >= 300 && status < 400) return ": a redirect, which no RPC service sends; check upstream.url";
  if (status !== 200) return ", and no RPC error";
  return contentType === "" ? "" : `, not "${expected}": it is no RPC response; check upstream.url and upstream.protocol`;
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
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return "unavailable";
    default:
      return status >= 520 && status <= 527 ? "unavailable" : "internal"; // Cloudflare's own, before an origin that is gone
  }
}

/** `application/grpc-web` alone is the same as with `+proto`, and text mode is a matter of the bytes. */
function sameCodec(contentType: string, expected: string): boolean {
  return contentType.startsWith("application/grpc-web") && contentType.endsWith("+json") === expected.endsWith("+json");
}

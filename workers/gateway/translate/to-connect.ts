// Translates a gRPC-Web call for an upstream that speaks Connect, and the Connect response back to gRPC-Web. Messages are not decoded.
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  codeFromHttpStatus,
  type EndStreamResponse,
  endStreamFlag,
  endStreamFromJson,
  errorFromJsonBytes,
  trailerDemux,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import type { Outgoing } from "../call/outgoing.ts";
import { mediaType } from "../protocol/protocol.ts";
import { boundRetryInfo } from "../protocol/retry-info.ts";
import { decompressed, type Envelope, readEnvelopes, rewriteLastEnvelope } from "./envelopes.ts";
import {
  CONNECT_STREAM,
  codecOf,
  encodingOf,
  GRPC_WEB_STREAM,
  renameHeader,
  trailersOf,
  translateStreamHeaders,
  untranslatable,
  withoutHeaders,
} from "./headers.ts";

const CONNECT_HEADERS = ["content-type", "content-length", "content-encoding", "connect-content-encoding", "connect-accept-encoding"];

/** @throws ConnectError if the body of a unary call is not exactly one message */
export function toConnect(outgoing: Outgoing, isUnary: boolean, body: Uint8Array<ArrayBuffer> | null): void {
  const { headers } = outgoing;
  const codec = codecOf(mediaType(headers.get("content-type")));
  renameHeader(headers, "grpc-timeout", "connect-timeout-ms"); // dispatch writes the value when it sends the call
  headers.delete("x-grpc-web");
  headers.delete("content-length");
  headers.set("connect-protocol-version", "1");
  if (!isUnary) {
    translateStreamHeaders(headers, GRPC_WEB_STREAM, CONNECT_STREAM, codec);
    return;
  }
  const envelopes = readEnvelopes(body ?? new Uint8Array());
  if (envelopes === undefined) throw new ConnectError("the request ends within a message", Code.InvalidArgument);
  const [only] = envelopes;
  if (only === undefined || envelopes.length > 1)
    throw new ConnectError(`a unary call needs exactly one message, and this request has ${envelopes.length}`, Code.Unimplemented);
  const isCompressed = (only.flags & 1) === 1;
  if (isCompressed && encodingOf(headers, "grpc-encoding") === null)
    throw new ConnectError("the message is compressed, but the header grpc-encoding is missing", Code.Internal);
  renameHeader(headers, "grpc-encoding", "content-encoding");
  renameHeader(headers, "grpc-accept-encoding", "accept-encoding");
  if (!isCompressed) removeKnownEncoding(headers);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  headers.set("content-type", `application/${codec}`);
  outgoing.body = only.data;
}

/** For a message that is not compressed. An encoding unknown to the gateway stays in the header, so that the upstream refuses it. */
function removeKnownEncoding(headers: Headers): void {
  const encoding = encodingOf(headers, "content-encoding");
  if (encoding === null || encoding === "gzip" || encoding === "deflate") headers.delete("content-encoding");
}

export async function unaryFromConnect(response: Response, codec: string): Promise<Response> {
  const [leading, trailers] = trailerDemux(response.headers);
  const headers = withoutHeaders(leading, CONNECT_HEADERS);
  headers.set("content-type", `application/grpc-web+${codec}`);
  const encoding = encodingOf(response.headers, "content-encoding");
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status === 200 && mediaType(response.headers.get("content-type")) === `application/${codec}`) {
    if (encoding !== null) headers.set("grpc-encoding", encoding);
    const body = new Blob([encodeEnvelope(encoding === null ? 0 : 1, bytes), trailersEnvelope(trailers, undefined)]);
    return new Response(body.stream(), { headers, encodeBody: "manual" });
  }
  const error = await errorOf(response.status, { flags: encoding === null ? 0 : 1, data: bytes }, encoding);
  return new Response(trailersEnvelope(trailers, error), { headers });
}

/** @param whyEnded makes the error of a response that ends without its last envelope */
export function streamFromConnect(response: Response, codec: string, whyEnded: (reason: unknown) => ConnectError): Response {
  const headers = withoutHeaders(response.headers, CONNECT_HEADERS);
  headers.set("content-type", `application/grpc-web+${codec}`);
  const encoding = encodingOf(response.headers, "connect-content-encoding");
  if (encoding !== null) headers.set("grpc-encoding", encoding);
  if (response.status !== 200 || !mediaType(response.headers.get("content-type")).startsWith("application/connect+")) {
    void response.body?.cancel();
    const error = new ConnectError(`upstream responded with status ${response.status}`, codeFromHttpStatus(response.status));
    return new Response(trailersEnvelope(new Headers(), error), { headers });
  }
  const rewrite = async (end: Envelope | undefined, reason?: unknown) => {
    const { metadata, error } = end === undefined ? { metadata: new Headers(), error: whyEnded(reason) } : await endOf(end, encoding);
    return trailersEnvelope(metadata, error);
  };
  return new Response(rewriteLastEnvelope(response.body, endStreamFlag, rewrite), { headers, encodeBody: "manual" });
}

async function endOf(end: Envelope, encoding: string | null): Promise<EndStreamResponse> {
  try {
    const read = endStreamFromJson(await decompressed(end, encoding));
    trailersOf(read.metadata);
    if (read.error !== undefined) read.error.details = boundRetryInfo(read.error.details);
    return read;
  } catch {
    return { metadata: new Headers(), error: untranslatable("the upstream's response has an invalid last envelope", Code.Internal) };
  }
}

async function errorOf(status: number, body: Envelope, encoding: string | null): Promise<ConnectError> {
  const fallback = new ConnectError(`upstream responded with status ${status}`, codeFromHttpStatus(status));
  try {
    return errorFromJsonBytes(await decompressed(body, encoding), undefined, fallback);
  } catch {
    return fallback;
  }
}

function trailersEnvelope(metadata: Headers, error: ConnectError | undefined): Uint8Array<ArrayBuffer> {
  const trailers = new Headers(metadata);
  setTrailerStatus(trailers, error);
  return encodeEnvelope(trailerFlag, trailerSerialize(trailers));
}

// A gRPC-Web call for an upstream that speaks Connect, and its answer as gRPC-Web has it. Messages pass as bytes.
import { Code, ConnectError } from "@connectrpc/connect";
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
import { decompressed, type Envelope, readEnvelopes, rewriteLastEnvelope, writeEnvelope } from "./envelopes.ts";
import { codecOf, encodingOf, renameHeader, withoutHeaders } from "./headers.ts";

const OF_CONNECT = ["content-type", "content-length", "content-encoding", "connect-content-encoding", "connect-accept-encoding"];

/** @throws ConnectError where a unary call does not have one message */
export function toConnect(outgoing: Outgoing, isUnary: boolean, body: Uint8Array<ArrayBuffer> | null): void {
  const { headers } = outgoing;
  const codec = codecOf(mediaType(headers.get("content-type")));
  renameHeader(headers, "grpc-timeout", "connect-timeout-ms"); // its value is written when the call is sent
  headers.delete("x-grpc-web");
  headers.delete("content-length");
  headers.set("connect-protocol-version", "1");
  if (!isUnary) {
    renameHeader(headers, "grpc-encoding", "connect-content-encoding");
    renameHeader(headers, "grpc-accept-encoding", "connect-accept-encoding");
    headers.set("accept-encoding", "identity");
    headers.set("content-type", `application/connect+${codec}`);
    return;
  }
  const frames = readEnvelopes(body ?? new Uint8Array());
  if (frames === undefined) throw new ConnectError("the message is not whole", Code.InvalidArgument);
  const [only] = frames;
  if (only === undefined || frames.length > 1)
    throw new ConnectError(`a unary call has one message, not ${frames.length}`, Code.Unimplemented);
  const isPacked = (only.flags & 1) === 1;
  if (isPacked && encodingOf(headers, "grpc-encoding") === null)
    throw new ConnectError("a message is compressed, and no header says how", Code.Internal);
  renameHeader(headers, "grpc-encoding", "content-encoding");
  renameHeader(headers, "grpc-accept-encoding", "accept-encoding");
  if (!isPacked) keepOnlyUnknown(headers);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  headers.set("content-type", `application/${codec}`);
  outgoing.body = only.data;
}

/** What is not packed is not said to be; an encoding that nobody knows stays for the upstream to refuse. */
function keepOnlyUnknown(headers: Headers): void {
  const encoding = encodingOf(headers, "content-encoding");
  if (encoding === null || encoding === "gzip" || encoding === "deflate") headers.delete("content-encoding");
}

export async function unaryFromConnect(answer: Response, codec: string): Promise<Response> {
  const [leading, trailers] = trailerDemux(answer.headers);
  const headers = withoutHeaders(leading, OF_CONNECT);
  headers.set("content-type", `application/grpc-web+${codec}`);
  const encoding = encodingOf(answer.headers, "content-encoding");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status === 200 && mediaType(answer.headers.get("content-type")) === `application/${codec}`) {
    if (encoding !== null) headers.set("grpc-encoding", encoding);
    const body = new Blob([writeEnvelope(encoding === null ? 0 : 1, bytes), trailersFrame(trailers, undefined)]);
    return new Response(body.stream(), { headers, encodeBody: "manual" });
  }
  const error = await errorOf(answer.status, { flags: encoding === null ? 0 : 1, data: bytes }, encoding);
  return new Response(trailersFrame(trailers, error), { headers });
}

/** @param whyEnded what is told of an answer that ends without its last envelope */
export function streamFromConnect(answer: Response, codec: string, whyEnded: (reason: unknown) => ConnectError): Response {
  const headers = withoutHeaders(answer.headers, OF_CONNECT);
  headers.set("content-type", `application/grpc-web+${codec}`);
  const encoding = encodingOf(answer.headers, "connect-content-encoding");
  if (encoding !== null) headers.set("grpc-encoding", encoding);
  if (answer.status !== 200 || !mediaType(answer.headers.get("content-type")).startsWith("application/connect+")) {
    void answer.body?.cancel();
    const error = new ConnectError(`upstream responded with status ${answer.status}`, codeFromHttpStatus(answer.status));
    return new Response(trailersFrame(new Headers(), error), { headers });
  }
  const rewrite = async (end: Envelope | undefined, reason?: unknown) => {
    const { metadata, error } = end === undefined ? { metadata: new Headers(), error: whyEnded(reason) } : await endOf(end, encoding);
    return trailersFrame(metadata, error);
  };
  return new Response(rewriteLastEnvelope(answer.body, endStreamFlag, rewrite), { headers, encodeBody: "manual" });
}

async function endOf(end: Envelope, encoding: string | null): Promise<EndStreamResponse> {
  try {
    return endStreamFromJson(await decompressed(end, encoding));
  } catch {
    return { metadata: new Headers(), error: new ConnectError("the end of the upstream's answer can't be read", Code.Internal) };
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

function trailersFrame(metadata: Headers, error: ConnectError | undefined): Uint8Array<ArrayBuffer> {
  const trailers = new Headers(metadata);
  setTrailerStatus(trailers, error);
  return writeEnvelope(trailerFlag, trailerSerialize(trailers));
}

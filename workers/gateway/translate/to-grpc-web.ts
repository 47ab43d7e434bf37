// Translates a Connect call for an upstream that speaks gRPC-Web, and the gRPC-Web response back to Connect. Messages are not decoded.
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, endStreamFlag, endStreamToJson, errorToJson, trailerMux } from "@connectrpc/connect/protocol-connect";
import { codeFromHttpStatus, findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { REASON_HEADER } from "../../../core/headers.ts";
import { printable } from "../../../core/protocol/printable.ts";
import { messageOf, readQuery } from "../../service/query.ts";
import type { Outgoing } from "../call/outgoing.ts";
import { mediaType } from "../protocol/protocol.ts";
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

const STATUS = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
const GRPC_WEB_HEADERS = [...STATUS, "grpc-encoding", "grpc-accept-encoding", "content-type", "content-length", "content-encoding"];

type Describe = (error: ConnectError) => ConnectError;

const utf8 = new TextEncoder();

/** @throws ConnectError if the query of a GET has no valid message */
export function toGrpcWeb(outgoing: Outgoing, isUnary: boolean, body: Uint8Array | null): void {
  const { headers } = outgoing;
  renameHeader(headers, "connect-timeout-ms", "grpc-timeout"); // dispatch writes the value when it sends the call
  headers.delete("connect-protocol-version");
  headers.delete("content-length");
  headers.set("x-grpc-web", "1");
  if (!isUnary) {
    translateStreamHeaders(headers, CONNECT_STREAM, GRPC_WEB_STREAM, codecOf(mediaType(headers.get("content-type"))));
    return;
  }
  renameHeader(headers, "content-encoding", "grpc-encoding");
  renameHeader(headers, "accept-encoding", "grpc-accept-encoding");
  headers.set("accept-encoding", "identity");
  let message = body ?? new Uint8Array();
  let codec = codecOf(mediaType(headers.get("content-type")));
  if (outgoing.method === "GET") {
    const query = readQuery(outgoing.query);
    message = messageOf(query);
    codec = query.encoding ?? "";
    if (codec !== "proto" && codec !== "json")
      throw new ConnectError(`query parameter "encoding" is "${printable(codec)}"; write proto or json`, Code.InvalidArgument);
    if (query.compression !== null) headers.set("grpc-encoding", query.compression);
  }
  headers.set("content-type", `application/grpc-web+${codec}`);
  const isCompressed = encodingOf(headers, "grpc-encoding") !== null && message.byteLength > 0;
  outgoing.method = "POST";
  outgoing.query = "";
  outgoing.body = encodeEnvelope(isCompressed ? 1 : 0, message);
}

/** @param describe adds JSON to the details of an error */
export async function unaryFromGrpcWeb(response: Response, describe: Describe): Promise<Response> {
  const contentType = mediaType(response.headers.get("content-type"));
  const leading = withoutHeaders(response.headers, GRPC_WEB_HEADERS);
  const refusal = refusalOf(response, contentType);
  const envelopes = refusal === undefined ? readEnvelopes(new Uint8Array(await response.arrayBuffer())) : [];
  const end = envelopes?.find(({ flags }) => (flags & trailerFlag) !== 0);
  const trailers =
    end === undefined ? new Headers() : trailersOf(trailerParse(await decompressed(end, encodingOf(response.headers, "grpc-encoding"))));
  const messages = envelopes?.filter(({ flags }) => (flags & trailerFlag) === 0) ?? [];
  const error = refusal ?? endOf(trailers) ?? (messages.length === 1 ? undefined : notOne(messages.length));
  const headers = trailerMux(leading, withoutHeaders(trailers, STATUS));
  if (error !== undefined) {
    const reason = error.metadata.get(REASON_HEADER);
    if (reason !== null) headers.set(REASON_HEADER, reason);
    headers.set("content-type", "application/json");
    return new Response(JSON.stringify(errorToJson(describe(error), undefined)), { status: codeToHttpStatus(error.code), headers });
  }
  const [message] = messages as [Envelope];
  headers.set("content-type", `application/${codecOf(contentType)}`);
  const encoding = encodingOf(response.headers, "grpc-encoding");
  if ((message.flags & 1) === 1 && encoding !== null) headers.set("content-encoding", encoding);
  return new Response(message.data, { headers, encodeBody: "manual" });
}

/**
 * @param whyEnded the error of a response that ends without trailers
 * @param describe adds JSON to the details of an error
 */
export function streamFromGrpcWeb(response: Response, whyEnded: (reason: unknown) => ConnectError, describe: Describe): Response {
  const contentType = mediaType(response.headers.get("content-type"));
  const headers = withoutHeaders(response.headers, GRPC_WEB_HEADERS);
  const encoding = encodingOf(response.headers, "grpc-encoding");
  if (encoding !== null) headers.set("connect-content-encoding", encoding);
  headers.set("content-type", `application/connect+${codecOf(contentType)}`);
  const refusal = refusalOf(response, contentType);
  if (refusal !== undefined) {
    void response.body?.cancel();
    return new Response(endStream(new Headers(), describe(refusal)), { headers });
  }
  const rewrite = async (end: Envelope | undefined, reason?: unknown) => {
    const trailers = end === undefined ? new Headers() : await trailersIn(end, encoding);
    const error = end === undefined ? whyEnded(reason) : endOf(trailers);
    return endStream(withoutHeaders(trailers, STATUS), error && describe(error));
  };
  return new Response(rewriteLastEnvelope(response.body, trailerFlag, rewrite), { headers, encodeBody: "manual" });
}

/** @returns no trailers, and so no status, if they are invalid; a missing status is an error of the upstream */
async function trailersIn(end: Envelope, encoding: string | null): Promise<Headers> {
  try {
    return trailersOf(trailerParse(await decompressed(end, encoding)));
  } catch {
    return new Headers();
  }
}

function endStream(metadata: Headers, error: ConnectError | undefined): Uint8Array<ArrayBuffer> {
  return encodeEnvelope(endStreamFlag, utf8.encode(JSON.stringify(endStreamToJson(metadata, error, undefined))));
}

/** The error in the head of a response: its gRPC status, or its HTTP status if it is not gRPC-Web. */
function refusalOf({ status, headers }: Response, contentType: string): ConnectError | undefined {
  if (headers.has("grpc-status") && headers.get("grpc-status") !== "0") return statusOf(headers);
  if (status !== 200) return new ConnectError(`upstream responded with status ${status}`, codeFromHttpStatus(status));
  if (contentType.startsWith("application/grpc-web")) return undefined;
  return new ConnectError(`upstream responded with content type "${printable(contentType)}"`, Code.Unknown);
}

function endOf(trailers: Headers): ConnectError | undefined {
  if (!trailers.has("grpc-status")) return untranslatable("the trailers of the upstream's response have no grpc-status", Code.Internal);
  return statusOf(trailers);
}

function statusOf(trailers: Headers): ConnectError | undefined {
  try {
    return findTrailerError(trailers);
  } catch {
    return untranslatable("the upstream's response has an invalid grpc-status", Code.Internal);
  }
}

function notOne(found: number): ConnectError {
  return untranslatable(`upstream responded to a unary call with ${found} messages`, Code.Unimplemented);
}

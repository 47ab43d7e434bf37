// The wire format of a unary call in each protocol: where its message and its timeout are, and how its response or error is written.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { compressedFlag, encodeEnvelope, encodeEnvelopes, mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes, headerTimeout, parseTimeout } from "@connectrpc/connect/protocol-connect";
import {
  headerTimeout as headerGrpcTimeout,
  parseTimeout as parseGrpcTimeout,
  setTrailerStatus,
  trailerFlag,
  trailerSerialize,
} from "@connectrpc/connect/protocol-grpc-web";
import { readBody, tooLarge } from "./body.ts";
import { maxWireBytes, requestCompression } from "./compression.ts";
import { type ConnectQuery, messageOf } from "./query.ts";
import type { Settings } from "./settings.ts";

export interface WireFormat {
  readonly protocol: "connect" | "grpc-web";
  readonly isBinary: boolean;
  readonly contentType: string;
  readonly trailer: Readonly<Record<string, string>>;
  timeout(header: Headers, maxTimeoutMs: number): { readonly timeoutMs?: number; readonly error?: ConnectError | undefined };
  /** @returns the one message of the request, decompressed @throws ConnectError where it is above its limit, or not one message */
  read(request: Request, settings: Settings): Promise<Uint8Array>;
  respond(context: HandlerContext, message: Uint8Array<ArrayBuffer>): Response;
  respondWithError(context: HandlerContext, error: ConnectError, settings: Settings): Response;
}

const CONNECT = {
  protocol: "connect",
  trailer: {},
  timeout: (header: Headers, maxTimeoutMs: number) => parseTimeout(header.get(headerTimeout), maxTimeoutMs),
  respond: (context: HandlerContext, message: Uint8Array<ArrayBuffer>) => new Response(message, { headers: withTrailers(context) }),
  respondWithError(context: HandlerContext, error: ConnectError, { json }: Settings) {
    context.responseHeader.set("Content-Type", "application/json");
    if (!error.isWireError) mergeNonProtocolHeaders(context.responseHeader, error.metadata);
    return new Response(errorToJsonBytes(error, json), {
      status: codeToHttpStatus(error.code),
      headers: withTrailers(context),
    });
  },
} as const;

const GRPC_WEB = {
  protocol: "grpc-web",
  trailer: { "grpc-status": "0" },
  timeout: (header: Headers, maxTimeoutMs: number) => parseGrpcTimeout(header.get(headerGrpcTimeout), maxTimeoutMs),
  async read(request: Request, { readMaxBytes }: Settings) {
    const encoding = request.headers.get("grpc-encoding");
    // Twice the limit: a body of two messages gets the error for that, not the one for a message that is too large.
    const body = await readBody(request, 2 * maxWireBytes(readMaxBytes, true));
    const { flags, data } = onlyMessage(body, maxWireBytes(readMaxBytes, encoding !== null));
    const compression = requestCompression(encoding, "grpc-accept-encoding");
    if ((flags & compressedFlag) === 0) return within(data, readMaxBytes);
    if (compression === null) throw new ConnectError("message is compressed, but grpc-encoding does not say how", Code.Internal);
    return compression.decompress(data, readMaxBytes);
  },
  respond({ responseHeader, responseTrailer }: HandlerContext, message: Uint8Array<ArrayBuffer>) {
    const trailers = { flags: trailerFlag, data: trailerSerialize(responseTrailer) };
    return new Response(encodeEnvelopes({ flags: 0, data: message }, trailers), { headers: responseHeader });
  },
  respondWithError({ responseHeader, responseTrailer }: HandlerContext, error: ConnectError) {
    const trailers = trailerSerialize(setTrailerStatus(responseTrailer, error));
    return new Response(encodeEnvelope(trailerFlag, trailers), { headers: responseHeader });
  },
} as const;

export function connectPost(isBinary: boolean): WireFormat {
  return {
    ...CONNECT,
    isBinary,
    contentType: isBinary ? "application/proto" : "application/json",
    async read(request, { readMaxBytes }) {
      const encoding = request.headers.get("content-encoding");
      const body = await readBody(request, maxWireBytes(readMaxBytes, encoding !== null));
      requireVersion("connect-protocol-version", request.headers.get("connect-protocol-version"), "1");
      const compression = requestCompression(encoding, "accept-encoding");
      return compression === null ? within(body, readMaxBytes) : compression.decompress(body, readMaxBytes);
    },
  };
}

export function connectGet(isBinary: boolean, query: ConnectQuery): WireFormat {
  return {
    ...CONNECT,
    isBinary,
    contentType: isBinary ? "application/proto" : "application/json",
    async read(_request, { readMaxBytes }) {
      requireVersion("connect", query.connect, "v1");
      const compression = requestCompression(query.compression, "accept-encoding");
      const message = messageOf(query);
      return compression === null ? within(message, readMaxBytes) : compression.decompress(message, readMaxBytes);
    },
  };
}

export function grpcWeb(isBinary: boolean): WireFormat {
  return { ...GRPC_WEB, isBinary, contentType: isBinary ? "application/grpc-web+proto" : "application/grpc-web+json" };
}

/** @throws ConnectError for another version of the protocol; a missing one is accepted */
function requireVersion(name: string, version: string | null, supported: string): void {
  if (version !== null && version !== supported)
    throw new ConnectError(`${name} must be "${supported}": got "${version.slice(0, 32)}"`, Code.InvalidArgument);
}

function within(message: Uint8Array, maxBytes: number): Uint8Array {
  if (message.byteLength > maxBytes) throw tooLarge(maxBytes);
  return message;
}

/** @returns the one message among the envelopes of a body */
function onlyMessage(body: Uint8Array, maxBytes: number): { readonly flags: number; readonly data: Uint8Array } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let only: { readonly flags: number; readonly data: Uint8Array } | undefined;
  for (let at = 0; at < body.byteLength; ) {
    const length = at + 5 <= body.byteLength ? view.getUint32(at + 1) : 0;
    if (length > maxBytes) throw tooLarge(maxBytes);
    const end = at + 5 + length;
    if (end > body.byteLength) throw new ConnectError("request ends within an envelope", Code.InvalidArgument);
    const flags = view.getUint8(at);
    // Trailers may follow the message; a host uses none of them.
    if ((flags & trailerFlag) === 0) {
      if (only !== undefined) throw new ConnectError("a unary request has one message: got more", Code.Unimplemented);
      only = { flags, data: body.subarray(at + 5, end) };
    }
    at = end;
  }
  if (only === undefined) throw new ConnectError("a unary request has one message: got none", Code.Unimplemented);
  return only;
}

/** Connect carries the trailers of a unary call as headers with a prefix. */
function withTrailers({ responseHeader, responseTrailer }: HandlerContext): Headers {
  for (const [name, value] of responseTrailer) responseHeader.append(`trailer-${name}`, value);
  return responseHeader;
}

// The wire format of a unary call in each protocol: where its message and its timeout are, and how its response or error is written.
import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag, encodeEnvelope, encodeEnvelopes, mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes, headerTimeout, parseTimeout } from "@connectrpc/connect/protocol-connect";
import {
  headerTimeout as headerGrpcTimeout,
  parseTimeout as parseGrpcTimeout,
  setTrailerStatus,
  trailerFlag,
  trailerSerialize,
} from "@connectrpc/connect/protocol-grpc-web";
import { printable } from "../../core/protocol/printable.ts";
import { readBody, tooLarge } from "./body.ts";
import type { CallContext } from "./call-context.ts";
import { maxWireBytes, requestCompression } from "./compression.ts";
import { limitEnd, maxErrorBytes, trailersTooLarge } from "./limits/write-limit.ts";
import { type ConnectQuery, messageOf } from "./query.ts";
import type { Settings } from "./settings.ts";

/** A message as bytes, or as the text of its JSON: a response takes both, and a text needs no buffer of its own. */
export type Written = Uint8Array<ArrayBuffer> | string;

export interface WireFormat {
  readonly protocol: "connect" | "grpc-web";
  readonly isBinary: boolean;
  readonly contentType: string;
  readonly trailer: Readonly<Record<string, string>>;
  timeout(header: Headers): { readonly timeoutMs?: number; readonly error?: ConnectError | undefined };
  /** @returns the one message of the request, decompressed @throws ConnectError where it is above its limit, or not one message */
  read(request: Request, settings: Settings): Promise<Uint8Array>;
  /** @throws ConnectError where the trailers are too large for a body */
  respond(context: CallContext, message: Written, settings: Settings): Response;
  respondWithError(context: CallContext, error: ConnectError, settings: Settings): Response;
}

const NO_TIMEOUT = {};
const NO_TRAILER = {};
const UTF8 = new TextEncoder();

/** What POST and GET of Connect have in common. */
abstract class Connect {
  readonly protocol = "connect";
  readonly trailer = NO_TRAILER;
  readonly isBinary: boolean;
  readonly contentType: string;
  readonly #headers: Readonly<Record<string, string>>; // headers of a response whose implementation sets none

  constructor(isBinary: boolean) {
    this.isBinary = isBinary;
    this.contentType = isBinary ? "application/proto" : "application/json";
    this.#headers = { "Content-Type": this.contentType };
  }

  timeout(header: Headers): ReturnType<WireFormat["timeout"]> {
    const value = header.get(headerTimeout);
    return value === null ? NO_TIMEOUT : parseTimeout(value, Number.MAX_SAFE_INTEGER);
  }

  respond(context: CallContext, message: Written): Response {
    const isPlain = context.usedHeader === undefined && context.usedTrailer === undefined;
    return new Response(message, { headers: isPlain ? this.#headers : withTrailers(context) });
  }

  respondWithError(context: CallContext, error: ConnectError, { json }: Settings): Response {
    context.responseHeader.set("Content-Type", "application/json");
    if (!error.isWireError) mergeNonProtocolHeaders(context.responseHeader, error.metadata);
    return new Response(errorToJsonBytes(error, json), {
      status: codeToHttpStatus(error.code),
      headers: withTrailers(context),
    });
  }
}

class ConnectPost extends Connect implements WireFormat {
  async read(request: Request, { readMaxBytes, compressions }: Settings): Promise<Uint8Array> {
    const { headers } = request;
    const encoding = headers.get("content-encoding");
    const body = await readBody(request, maxWireBytes(readMaxBytes, encoding !== null));
    requireVersion("connect-protocol-version", headers.get("connect-protocol-version"), "1");
    const compression = requestCompression(encoding, "accept-encoding", compressions);
    return compression === null ? within(body, readMaxBytes) : compression.decompress(body, readMaxBytes);
  }
}

class ConnectGet extends Connect implements WireFormat {
  readonly #query: ConnectQuery;

  constructor(isBinary: boolean, query: ConnectQuery) {
    super(isBinary);
    this.#query = query;
  }

  async read(_request: Request, { readMaxBytes, compressions }: Settings): Promise<Uint8Array> {
    requireVersion("connect", this.#query.connect, "v1");
    const compression = requestCompression(this.#query.compression, "accept-encoding", compressions);
    const message = messageOf(this.#query);
    return compression === null ? within(message, readMaxBytes) : compression.decompress(message, readMaxBytes);
  }
}

const GRPC_WEB = {
  protocol: "grpc-web",
  trailer: { "grpc-status": "0" },
  timeout: (header: Headers) => parseGrpcTimeout(header.get(headerGrpcTimeout), Number.MAX_SAFE_INTEGER),
  async read(request: Request, { readMaxBytes, compressions }: Settings) {
    const encoding = request.headers.get("grpc-encoding");
    // Twice the limit: a body of two messages gets the error for that, not the one for a message that is too large.
    const body = await readBody(request, 2 * maxWireBytes(readMaxBytes, true));
    const { flags, data } = onlyMessage(body, maxWireBytes(readMaxBytes, encoding !== null));
    const compression = requestCompression(encoding, "grpc-accept-encoding", compressions);
    if ((flags & compressedFlag) === 0) return within(data, readMaxBytes);
    if (compression === null) throw new ConnectError("message is compressed, but grpc-encoding does not say how", Code.Internal);
    return compression.decompress(data, readMaxBytes);
  },
  respond({ responseHeader, responseTrailer }: CallContext, message: Written, settings: Settings) {
    const trailers = { flags: trailerFlag, data: trailerSerialize(responseTrailer) };
    const maxBytes = maxErrorBytes(settings);
    if (trailers.data.byteLength > maxBytes) throw trailersTooLarge(maxBytes);
    const data = typeof message === "string" ? UTF8.encode(message) : message;
    return new Response(encodeEnvelopes({ flags: 0, data }, trailers), { headers: responseHeader });
  },
  respondWithError({ responseHeader, responseTrailer }: CallContext, error: ConnectError, settings: Settings) {
    const trailers = trailerSerialize(setTrailerStatus(responseTrailer, error));
    const end = limitEnd(encodeEnvelope(trailerFlag, trailers), true, settings) as Uint8Array<ArrayBuffer>;
    return new Response(end, { headers: responseHeader });
  },
} as const;

/** The formats of POST requests, by the content types that clients send. */
const POST_FORMATS: ReadonlyMap<string | null, WireFormat> = new Map(
  [new ConnectPost(false), new ConnectPost(true), grpcWebFormat(false), grpcWebFormat(true)].map((format) => [format.contentType, format]),
);

/** @returns the format of a POST request; undefined where its content type is none of these, letter by letter */
export function postFormat(contentType: string | null): WireFormat | undefined {
  return POST_FORMATS.get(contentType);
}

export function connectPost(isBinary: boolean): WireFormat {
  return POST_FORMATS.get(isBinary ? "application/proto" : "application/json")!;
}

export function connectGet(isBinary: boolean, query: ConnectQuery): WireFormat {
  return new ConnectGet(isBinary, query);
}

export function grpcWeb(isBinary: boolean): WireFormat {
  return POST_FORMATS.get(isBinary ? "application/grpc-web+proto" : "application/grpc-web+json")!;
}

function grpcWebFormat(isBinary: boolean): WireFormat {
  return { ...GRPC_WEB, isBinary, contentType: isBinary ? "application/grpc-web+proto" : "application/grpc-web+json" };
}

/** @throws ConnectError for another version of the protocol; a missing one is accepted */
function requireVersion(name: string, version: string | null, supported: string): void {
  if (version !== null && version !== supported)
    throw new ConnectError(`${name} must be "${supported}": got "${printable(version)}"`, Code.InvalidArgument);
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
function withTrailers({ responseHeader, usedTrailer }: CallContext): Headers {
  for (const [name, value] of usedTrailer ?? []) responseHeader.append(`trailer-${name}`, value);
  return responseHeader;
}

// Takes the bytes of the one message out of a request, as every upstream takes them. Forms that upstreams read in different ways are
// refused: what the gateway checks has to be what the upstream reads.
import { ConnectError } from "@connectrpc/connect";
import { singleEnvelope } from "../../../core/protocol/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import { messageOf, readQuery } from "../../service/query.ts";
import { decompressSingle, type EncodingHeader, isEncoded } from "../bodies/decompress.ts";
import type { Outgoing } from "../call/outgoing.ts";
import type { MessageLimits } from "../call/route.ts";
import { codecOf } from "../translate/headers.ts";
import { mediaType } from "./protocol.ts";

export interface MessageSource {
  readonly bytes: Uint8Array; // decompressed
  readonly isJson: boolean;
}

const COMPRESSED = 1; // the flag of a compressed message
const CHARSET = /^\s*charset\s*=\s*(?:"utf-?8"|utf-?8)\s*$/i;
const PARAMETERS: readonly string[] = ["connect", "encoding", "compression", "base64", "message"];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Limits = Pick<MessageLimits, "maxBodyBytes" | "maxInflation">;

/**
 * Needs the body whole.
 *
 * @param limits of the decompressed message
 * @throws Rejected: `invalid_request`, `unsupported_encoding` or `body_too_large`
 */
export function messageSourceOf(outgoing: Outgoing, limits: Limits): MessageSource {
  const { method, headers, body, protocol } = outgoing;
  if (body instanceof ReadableStream) throw invalid("request is a stream of messages");
  if (method === "GET") return fromQuery(outgoing.query, limits);
  const contentType = headers.get("content-type") ?? "";
  const isJson = codecOf(mediaType(contentType)) === "json";
  if (isJson) requireUtf8(contentType);
  const bytes = body ?? new Uint8Array();
  if (protocol.kind === "grpc_web") return { bytes: fromEnvelope(headers, bytes, "grpc-encoding", "grpc-accept-encoding", limits), isJson };
  if (protocol.kind === "connect_stream")
    return { bytes: fromEnvelope(headers, bytes, "connect-content-encoding", "connect-accept-encoding", limits), isJson };
  return { bytes: plain(bytes, headers.get("content-encoding"), limits, "accept-encoding"), isJson };
}

/** Two parameters of one name, an encoded name, or a semicolon: parsers of queries disagree on each of them. */
function fromQuery(query: string, limits: Limits): MessageSource {
  if (query.includes(";")) throw invalid("query has a semicolon; write %3B");
  const seen = new Set<string>();
  for (const pair of query.slice(1).split("&")) {
    const raw = pair.split("=", 1)[0]!;
    const name = decodedName(raw);
    if (!PARAMETERS.includes(name)) continue;
    if (raw !== name) throw invalid(`query parameter "${name}" is written with escapes`);
    if (seen.has(name)) throw invalid(`query parameter "${name}" is given twice`);
    seen.add(name);
  }
  const parameters = readQuery(query);
  const { encoding, compression, base64 } = parameters;
  if (encoding !== "json" && encoding !== "proto") throw invalid('query parameter "encoding" is not json or proto');
  if (base64 !== null && base64 !== "1") throw invalid('query parameter "base64" is not 1');
  const message = messageIn(parameters);
  if (base64 === null && !isUtf8(message)) throw invalid('query parameter "message" has bytes that are no text; send it with base64=1');
  return { bytes: plain(message, compression, limits, "accept-encoding"), isJson: encoding === "json" };
}

function decodedName(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    throw invalid("query has a name that is not percent-encoded");
  }
}

function messageIn(parameters: ReturnType<typeof readQuery>): Uint8Array {
  try {
    return messageOf(parameters);
  } catch (error) {
    throw error instanceof ConnectError ? invalid(error.rawMessage) : error;
  }
}

/** @param name the header of the protocol that says how messages are compressed */
function fromEnvelope(headers: Headers, body: Uint8Array, name: string, advertise: EncodingHeader, limits: Limits): Uint8Array {
  if (isEncoded(headers.get("content-encoding"))) throw invalid(`content-encoding is not for messages in envelopes; use ${name}`);
  const envelope = singleEnvelope(body);
  if (envelope.kind === "invalid") throw invalid(envelope.problem);
  const { flags, data } = envelope;
  if ((flags & COMPRESSED) === 0) return plain(data, null, limits, advertise);
  const encoding = headers.get(name);
  if (!isEncoded(encoding)) throw invalid(`message is compressed, and ${name} does not say how`);
  return plain(data, encoding, limits, advertise);
}

function plain(bytes: Uint8Array, encoding: string | null, limits: Limits, advertise: EncodingHeader): Uint8Array {
  const { maxBodyBytes: maxBytes, maxInflation } = limits;
  if (isEncoded(encoding)) return decompressSingle(bytes, encoding, maxBytes, advertise, maxInflation);
  if (bytes.byteLength > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
  return bytes;
}

/** JSON is UTF-8 (RFC 8259, section 8.1), but some upstreams believe another charset. */
function requireUtf8(contentType: string): void {
  const [, ...parameters] = contentType.split(";");
  if (parameters.some((parameter) => /charset/i.test(parameter) && !CHARSET.test(parameter)))
    throw invalid(`content type "${contentType.slice(0, 100)}" names a charset; send UTF-8`);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): Rejected {
  return new Rejected({ kind: "invalid_request", message });
}

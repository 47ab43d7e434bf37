// Decodes the one message of a request, for the layers that look into it.
import { type DescMethod, type DescService, fromBinary, fromJson, type Message, type Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { Rejected } from "../../../core/rejection.ts";
import { messageOf, readQuery } from "../../service/query.ts";
import { decompress, isEncoded } from "../bodies/decompress.ts";
import type { Outgoing } from "../call/outgoing.ts";
import { invalidRequest } from "../transcode/json/invalid-request.ts";
import { areUnknownTypes, normalizeJson } from "../transcode/json/normalize.ts";
import { parseJson } from "../transcode/json/parse-json.ts";
import { typesOf } from "../transcode/rules/rules.ts";

export interface DecodedMessage {
  readonly message: Message | undefined; // undefined for what cannot be decoded
  readonly invalid: Rejected | undefined; // why the JSON is no ProtoJSON, though another parser could read it as a message
}

const UNREADABLE: DecodedMessage = { message: undefined, invalid: undefined };

/**
 * Needs the body whole.
 *
 * @param maxBytes largest message, bytes, decompressed
 */
export function decodeMessage(outgoing: Outgoing, method: DescMethod, maxBytes: number): DecodedMessage {
  const { protocol, headers, body, query } = outgoing;
  if (body instanceof ReadableStream) return UNREADABLE;
  try {
    if (outgoing.method === "GET") {
      const parameters = readQuery(query);
      const bytes = plain(messageOf(parameters), parameters.compression, maxBytes);
      return decodedFrom(bytes, parameters.encoding === "json", method);
    }
    const contentType = headers.get("content-type") ?? "";
    const isEnveloped = protocol.kind === "grpc_web" || contentType.startsWith("application/connect+");
    const encoding = isEnveloped ? envelopeEncoding(headers, body) : headers.get("content-encoding");
    const bytes = plain(isEnveloped ? (body?.subarray(5) ?? new Uint8Array()) : (body ?? new Uint8Array()), encoding, maxBytes);
    return decodedFrom(bytes, /json\b/.test(contentType), method);
  } catch (error) {
    if (error instanceof Rejected && isAboutValues(error)) return { message: undefined, invalid: error };
    if (error instanceof ConnectError || error instanceof Error) return UNREADABLE;
    throw error;
  }
}

function decodedFrom(bytes: Uint8Array, isJson: boolean, method: DescMethod): DecodedMessage {
  return { message: isJson ? parse(method, bytes) : fromBinary(method.input, bytes), invalid: undefined };
}

/** The first byte of an envelope has a flag for a compressed message; a header names the coding. */
function envelopeEncoding(headers: Headers, body: Uint8Array | null): string | null {
  const isCompressed = ((body?.[0] ?? 0) & 1) === 1;
  return isCompressed ? (headers.get("connect-content-encoding") ?? headers.get("grpc-encoding")) : null;
}

function plain(bytes: Uint8Array, encoding: string | null, maxBytes: number): Uint8Array {
  return isEncoded(encoding) ? decompress(bytes, encoding, maxBytes, "accept-encoding") : bytes;
}

function isAboutValues({ rejection }: Rejected): boolean {
  return rejection.kind === "invalid_request" && rejection.violations !== undefined;
}

const types = new WeakMap<DescService, Registry>();

function parse({ input, parent }: DescMethod, bytes: Uint8Array): Message {
  const registry = types.get(parent) ?? typesOf([parent]);
  types.set(parent, registry);
  const normalized = normalizeJson(input, parseJson(bytes), { registry });
  if (normalized.kind === "ok") return fromJson(input, normalized.json, { registry });
  if (areUnknownTypes(normalized.violations)) throw new Error("an Any of a type that only the upstream may know");
  throw invalidRequest(normalized.violations);
}

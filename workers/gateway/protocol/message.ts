// The single message of a call, as layers that look into it read it.
import { type DescMethod, type DescService, fromBinary, fromJson, type Message, type Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { Rejected } from "../../../core/rejection.ts";
import { compressionOf } from "../../service/compression.ts";
import { messageOf, readQuery } from "../../service/query.ts";
import type { Call } from "../call.ts";
import { invalidRequest } from "../transcode/json/invalid-request.ts";
import { areUnknownTypes, normalizeJson } from "../transcode/json/normalize.ts";
import { parseJson } from "../transcode/json/parse-json.ts";
import { typesOf } from "../transcode/rules/rules.ts";

/**
 * Needs the body whole.
 *
 * @param maxBytes of the message, uncompressed
 * @param refusesBadValues what another parser could take for a message, but is none by ProtoJSON, is refused
 * @returns undefined for what can't be decoded: that is left to the upstream, which says so better
 * @throws Rejected, only where `refusesBadValues`
 */
export async function decodeMessage(
  { protocol, outgoing }: Call,
  method: DescMethod,
  maxBytes: number,
  refusesBadValues = false,
): Promise<Message | undefined> {
  const { headers, body, query } = outgoing;
  if (body instanceof ReadableStream) return undefined;
  try {
    if (outgoing.method === "GET") {
      const asked = readQuery(query);
      const bytes = await unfolded(messageOf(asked), asked.compression, maxBytes);
      return asked.encoding === "json" ? parse(method, bytes) : fromBinary(method.input, bytes);
    }
    const contentType = headers.get("content-type") ?? "";
    const isEnveloped = protocol.kind === "grpc_web" || contentType.startsWith("application/connect+");
    const encoding = isEnveloped ? envelopeEncoding(headers, body) : headers.get("content-encoding");
    const bytes = await unfolded(isEnveloped ? (body?.subarray(5) ?? new Uint8Array()) : (body ?? new Uint8Array()), encoding, maxBytes);
    return /json\b/.test(contentType) ? parse(method, bytes) : fromBinary(method.input, bytes);
  } catch (error) {
    if (refusesBadValues && error instanceof Rejected && isAboutValues(error)) throw error;
    if (error instanceof ConnectError || error instanceof Error) return undefined;
    throw error;
  }
}

/** The first byte of an envelope says whether its message is compressed, a header how. */
function envelopeEncoding(headers: Headers, body: Uint8Array | null): string | null {
  const isCompressed = ((body?.[0] ?? 0) & 1) === 1;
  return isCompressed ? (headers.get("connect-content-encoding") ?? headers.get("grpc-encoding")) : null;
}

async function unfolded(bytes: Uint8Array, encoding: string | null, maxBytes: number): Promise<Uint8Array> {
  const compression = compressionOf(encoding, "accept-encoding");
  return compression === null ? bytes : compression.decompress(bytes, maxBytes);
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

// The single message of a call, as layers that look into it read it.
import { type DescMethod, fromBinary, fromJsonString, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { compressionOf } from "../service/compression.ts";
import { messageOf, readQuery } from "../service/query.ts";
import type { Call } from "./call.ts";

/**
 * Needs the body whole.
 *
 * @param maxBytes of the message, uncompressed
 * @returns undefined for what can't be decoded: that is left to the upstream, which says so better
 */
export async function decodeMessage({ protocol, outgoing }: Call, method: DescMethod, maxBytes: number): Promise<Message | undefined> {
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

function parse({ input }: DescMethod, bytes: Uint8Array): Message {
  return fromJsonString(input, new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
}

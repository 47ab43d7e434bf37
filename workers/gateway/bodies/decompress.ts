// Decompresses one message within a bound: 200 kB can become 200 MB.

import { joinBytes } from "../../../core/bytes.ts";
import { zstdFrames } from "../../../core/protocol/zstd.ts";
import { Rejected } from "../../../core/rejection.ts";

/** The header of a response that lists the accepted codings. */
export type EncodingHeader = "accept-encoding" | "connect-accept-encoding" | "grpc-accept-encoding";

/** The part of `node:zlib` that is used here. It is loaded at run time, so that no bundle includes it. */
interface Zlib {
  gunzipSync: Decoder;
  inflateSync: Decoder;
  brotliDecompressSync: Decoder;
  zstdDecompressSync: Decoder;
}
type Decoder = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array<ArrayBuffer>;

/** Compatibility dates from 2026-08-04 have Node's modules, earlier ones with the flag `nodejs_compat`. */
const runtime = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
let zlib: Zlib | undefined;

const DECODERS: Readonly<Record<string, (zlib: Zlib, bytes: Uint8Array, maxBytes: number) => Uint8Array<ArrayBuffer>>> = {
  gzip: ({ gunzipSync }, bytes, maxBytes) => gunzipSync(bytes, roomFor(maxBytes)),
  deflate: ({ inflateSync }, bytes, maxBytes) => inflateSync(bytes, roomFor(maxBytes)),
  br: ({ brotliDecompressSync }, bytes, maxBytes) => brotliDecompressSync(bytes, roomFor(maxBytes)),
  zstd: decompressZstd,
};
const ALIASES: Readonly<Record<string, string>> = { "x-gzip": "gzip" }; // RFC 9110, section 8.4.1.3

/** The accepted content codings: those whose decompressed size can be bounded. */
export const ENCODINGS: readonly string[] = Object.keys(DECODERS);

/** @returns whether a header names a coding that changes the bytes */
export function isEncoded(encoding: string | null): encoding is string {
  return encoding !== null && encoding !== "" && encoding.toLowerCase() !== "identity";
}

/**
 * @param bytes     one whole message, or one whole body
 * @param encoding  value of the header: one coding, not `identity`
 * @param maxBytes  largest message, bytes, decompressed
 * @param advertise header of the refusal that names the accepted codings
 * @returns the message; empty for an empty one, which Connect and gRPC allow to send uncompressed
 * @throws Rejected `unsupported_encoding`, `body_too_large`, or `invalid_request` where the bytes are not in that coding
 */
export function decompress(bytes: Uint8Array, encoding: string, maxBytes: number, advertise: EncodingHeader): Uint8Array<ArrayBuffer> {
  const name = encoding.trim().toLowerCase();
  const decode = DECODERS[ALIASES[name] ?? name];
  zlib ??= runtime.process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
  if (decode === undefined || zlib === undefined) {
    throw new Rejected({ kind: "unsupported_encoding", found: encoding, accepted: zlib === undefined ? [] : ENCODINGS, advertise });
  }
  if (bytes.byteLength === 0) return new Uint8Array();
  let message: Uint8Array<ArrayBuffer>;
  try {
    message = decode(zlib, bytes, maxBytes);
  } catch (error) {
    if (error instanceof RangeError) throw new Rejected({ kind: "body_too_large", maxBytes });
    throw new Rejected({ kind: "invalid_request", message: `request is not valid ${name}` });
  }
  if (message.byteLength > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength); // not a Buffer, whose slices are views
}

/** workerd doubles its buffer, and fails where that would pass the limit: messages of up to half the limit always fit. */
function roomFor(maxBytes: number): { readonly maxOutputLength: number } {
  return { maxOutputLength: Math.min(2 * maxBytes + 65_536, 134_217_728) };
}

/** The runtime's decoder ends after the first frame; decoders of upstreams read all frames. */
function decompressZstd({ zstdDecompressSync }: Zlib, bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const frames = zstdFrames(bytes);
  if (frames === undefined) throw new Error("not a whole number of frames");
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const frame of frames) {
    const part = zstdDecompressSync(frame, roomFor(maxBytes - size));
    size += part.byteLength;
    if (size > maxBytes) throw new RangeError("too large");
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : joinBytes(parts, size);
}

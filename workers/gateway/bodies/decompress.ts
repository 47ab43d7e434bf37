// Decompresses one message within a bound: 200 kB can become 200 MB.

import { joinBytes } from "../../../core/bytes.ts";
import { inflatedLimit, MAX_INFLATION } from "../../../core/protocol/inflation.ts";
import { zstdFrames } from "../../../core/protocol/zstd.ts";
import { Rejected } from "../../../core/rejection.ts";

/** The header of a response that lists the accepted codings. */
export type EncodingHeader = "accept-encoding" | "connect-accept-encoding" | "grpc-accept-encoding";

/** The part of `node:zlib` that is used here. It is loaded at run time, so that no bundle includes it. */
interface Zlib {
  gunzipSync: Decoder;
  inflateSync: Decoder;
  inflateRawSync: Decoder;
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

function codingOf(encoding: string): string {
  const name = encoding.trim().toLowerCase();
  return ALIASES[name] ?? name;
}

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
 * @param maxInflation how often it may be larger than it is sent, beyond 64 KiB
 * @returns the message; empty for an empty one, which Connect and gRPC allow to send uncompressed
 * @throws Rejected `unsupported_encoding`, `body_too_large`, `inflates_too_much`, or `invalid_request` where the bytes are not in that coding
 */
export function decompress(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
  advertise: EncodingHeader,
  maxInflation = MAX_INFLATION,
): Uint8Array<ArrayBuffer> {
  const name = codingOf(encoding);
  const decode = DECODERS[name];
  zlib ??= runtime.process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
  if (decode === undefined || zlib === undefined) {
    throw new Rejected({ kind: "unsupported_encoding", found: encoding, accepted: zlib === undefined ? [] : ENCODINGS, advertise });
  }
  if (bytes.byteLength === 0) return new Uint8Array();
  const limit = inflatedLimit(bytes.byteLength, maxBytes, maxInflation);
  let message: Uint8Array<ArrayBuffer>;
  try {
    message = decode(zlib, bytes, limit);
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(limit, maxBytes, maxInflation);
    throw new Rejected({ kind: "invalid_request", message: `request is not valid ${name}` });
  }
  if (message.byteLength > limit) throw tooLarge(limit, maxBytes, maxInflation);
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength); // not a Buffer, whose slices are views
}

function tooLarge(limitBytes: number, maxBytes: number, maxInflation: number): Rejected {
  return new Rejected(
    limitBytes < maxBytes ? { kind: "inflates_too_much", limitBytes, maxInflation } : { kind: "body_too_large", maxBytes },
  );
}

/**
 * Decompresses data that all decoders read as the same message: some read only the first member of gzip, and the first frame of zstd.
 *
 * @throws Rejected as `decompress`, and `invalid_request` for more than one member or frame
 */
export function decompressSingle(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
  advertise: EncodingHeader,
  maxInflation = MAX_INFLATION,
): Uint8Array {
  const message = decompress(bytes, encoding, maxBytes, advertise, maxInflation);
  const name = codingOf(encoding);
  const isSingle = name === "gzip" ? isOneMember(bytes, message.byteLength) : name !== "zstd" || (zstdFrames(bytes)?.length ?? 0) <= 1;
  if (!isSingle) throw new Rejected({ kind: "invalid_request", message: `request is ${name} of several parts; send one` });
  return message;
}

const CHECKED_BYTES = 1_048_576; // bytes of the content of a coded response; what follows is not checked

/** Whether bytes are in a coding. A coding that is unknown here counts as right, and so does content above 1 MiB. */
export function isInCoding(bytes: Uint8Array, encoding: string): boolean {
  try {
    decompress(bytes, encoding, CHECKED_BYTES, "accept-encoding");
    return true;
  } catch (error) {
    return !(error instanceof Rejected && error.rejection.kind === "invalid_request");
  }
}

const GZIP_TRAILER_BYTES = 8; // checksum and size of a member

/**
 * Whether the first member of valid gzip is all of it, apart from empty ones. The size at the end is that of the last member: where it is
 * the size of the whole, all others are empty, and only the first one has to be looked at.
 *
 * @see RFC 1952, section 2.3
 */
function isOneMember(bytes: Uint8Array, size: number): boolean {
  if (size === 0) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(bytes.byteLength - GZIP_TRAILER_BYTES / 2, true) !== size) return false;
  try {
    return zlib!.inflateRawSync(bytes.subarray(gzipHeaderBytes(bytes)), { maxOutputLength: 1 }).byteLength > 0;
  } catch {
    return true; // it has more than one byte
  }
}

/** @see RFC 1952, section 2.3: flags say which optional parts follow the first ten bytes */
function gzipHeaderBytes(bytes: Uint8Array): number {
  const flags = bytes[3]!;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at]! | (bytes[at + 1]! << 8));
  for (const textFlag of [8, 16]) if ((flags & textFlag) !== 0) at = bytes.indexOf(0, at) + 1;
  return (flags & 2) === 0 ? at : at + 2;
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

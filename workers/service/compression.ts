// gzip and deflate over the platform's streams, with a limit on the decompressed size: 200 KB can decompress to 200 MB.
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { readUpTo, tooLarge } from "./body.ts";

export const compressions: Compression[] = [compression("gzip"), compression("deflate")];

/** @returns how a request is compressed, null for not at all @throws ConnectError `unimplemented` for an unknown coding */
export function requestCompression(encoding: string | null, acceptHeader: string): Compression | null {
  const { request, error } = compressionNegotiate(compressions, encoding === "" ? null : encoding, null, acceptHeader);
  if (error !== undefined) throw error;
  return request;
}

/** Bytes that a message of at most `readMaxBytes` can have on the wire: data that cannot be compressed grows a little. */
export function maxWireBytes(readMaxBytes: number, isCompressed: boolean): number {
  return isCompressed ? readMaxBytes + Math.ceil(readMaxBytes / 1_000) + 64 : readMaxBytes;
}

function compression(format: "gzip" | "deflate"): Compression {
  return {
    name: format,
    compress: async (bytes) => (await through(bytes, new CompressionStream(format), Number.POSITIVE_INFINITY))!,
    async decompress(bytes, readMaxBytes) {
      if (bytes.byteLength === 0) return new Uint8Array(); // an empty message may be sent as it is
      const all = await through(bytes, new DecompressionStream(format), readMaxBytes).catch((reason: unknown) => {
        throw new ConnectError(`message is not valid ${format}`, Code.InvalidArgument, undefined, undefined, reason);
      });
      if (all === undefined) throw tooLarge(readMaxBytes);
      return all;
    },
  };
}

async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = new Blob([bytes]).stream().pipeThrough<Uint8Array>(stream).getReader();
  const all = await readUpTo(reader, maxBytes);
  if (all === undefined) reader.cancel().catch(() => undefined); // stops the decompression
  return all;
}

// gzip and deflate over the platform's streams, with a limit on the decompressed size: 200 KB can decompress to 200 MB.
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { describeInflation, inflatedLimit, MAX_INFLATION } from "../../core/protocol/inflation.ts";
import { printable } from "../../core/protocol/printable.ts";
import { readUpTo, tooLarge } from "./body.ts";

/** @param maxInflation how often a message may be larger than it is sent, beyond 64 KiB */
export function compressionsWithin(maxInflation: number): Compression[] {
  return [compression("gzip", maxInflation), compression("deflate", maxInflation)];
}

export const compressions: Compression[] = compressionsWithin(MAX_INFLATION);

/** @returns how a request is compressed, null for not at all @throws ConnectError `unimplemented` for an unknown coding */
export function requestCompression(encoding: string | null, acceptHeader: string, accepted = compressions): Compression | null {
  if (encoding === null || encoding === "") return null;
  const name = printable(encoding); // an unknown one comes back in the message of the error
  const { request, error } = compressionNegotiate(accepted, name, null, acceptHeader);
  if (error !== undefined) throw error;
  return request;
}

/** Bytes that a message of at most `readMaxBytes` can have on the wire: data that cannot be compressed grows a little. */
export function maxWireBytes(readMaxBytes: number, isCompressed: boolean): number {
  return isCompressed ? readMaxBytes + Math.ceil(readMaxBytes / 1_000) + 64 : readMaxBytes;
}

function compression(format: "gzip" | "deflate", maxInflation: number): Compression {
  return {
    name: format,
    compress: async (bytes) => (await through(bytes, new CompressionStream(format), Number.POSITIVE_INFINITY))!,
    async decompress(bytes, readMaxBytes) {
      if (bytes.byteLength === 0) return new Uint8Array(); // an empty message may be sent as it is
      const limit = inflatedLimit(bytes.byteLength, readMaxBytes, maxInflation);
      const all = await through(bytes, new DecompressionStream(format), limit).catch((reason: unknown) => {
        throw new ConnectError(`message is not valid ${format}`, Code.InvalidArgument, undefined, undefined, reason);
      });
      if (all === undefined && limit < readMaxBytes)
        throw new ConnectError(`message ${describeInflation(limit, maxInflation)}`, Code.ResourceExhausted);
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

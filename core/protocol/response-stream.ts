// Follows the envelopes of a streamed response up to the last one, to find out if the response is complete. Chunks may cut it anywhere.
import { brokenBody, type CallProtocol, type InvalidResponse, tooLarge, truncated } from "./rpc-response.ts";

export interface ResponseStream {
  /** @returns the problem; undefined while the bytes are envelopes within the limit */
  read(chunk: Uint8Array): InvalidResponse | undefined;
  /** @returns the problem if the stream ends here; undefined if it is complete */
  missing(): InvalidResponse | undefined;
}

const HEADER_BYTES = 5; // one byte of flags, four of length
const COMPRESSED = 1;

/**
 * @param maxBytes largest message, bytes, as it is sent
 * @see connectrpc.com/docs/protocol, Streaming; grpc/doc/PROTOCOL-WEB.md
 */
export function responseStream(wire: Exclude<CallProtocol, "connect_unary">, maxBytes: number): ResponseStream {
  const endFlag = wire === "grpc_web" ? 0x80 : 2;
  const end = wire === "grpc_web" ? "trailers" : "an end-of-stream message";
  let header = 0; // bytes of the header that were read
  let flags = 0;
  let left = 0; // bytes of the message still to come
  let isEnding = false; // the envelope that is being read is the last one
  return {
    read(chunk) {
      for (let at = 0; at < chunk.byteLength; ) {
        if (header === HEADER_BYTES && left > 0) {
          const step = Math.min(left, chunk.byteLength - at);
          left -= step;
          at += step;
          continue;
        }
        if (isEnding) return undefined; // clients ignore bytes after the last envelope
        if (header === HEADER_BYTES) header = 0;
        if (header === 0) {
          flags = chunk[at]!;
          left = 0;
          if ((flags & ~(COMPRESSED | endFlag)) !== 0)
            return brokenBody(`sent bytes that are not an envelope (first byte 0x${flags.toString(16)})`);
        } else left = left * 256 + chunk[at]!;
        header += 1;
        at += 1;
        if (header === HEADER_BYTES && left > maxBytes) return tooLarge("a message", maxBytes);
        isEnding = header === HEADER_BYTES && (flags & endFlag) !== 0;
      }
      return undefined;
    },
    missing() {
      if (header > 0 && (header < HEADER_BYTES || left > 0)) return truncated("ended its response within a message");
      return isEnding ? undefined : truncated(`ended its response without ${end}`);
    },
  };
}

// How much a compressed message may grow: a kilobyte of gzip can hold a megabyte.

const FREE_BYTES = 65_536; // small messages may be of one letter
/** Times its compressed size; text of any kind stays far below. */
export const MAX_INFLATION = 100;

/**
 * The largest message that may come out of compressed bytes.
 *
 * @param maxBytes     largest message, bytes, however it is sent
 * @param maxInflation times its compressed size, beyond 64 KiB
 * @returns bytes
 */
export function inflatedLimit(compressedBytes: number, maxBytes: number, maxInflation: number): number {
  return Math.min(maxBytes, FREE_BYTES + maxInflation * compressedBytes);
}

/** What is wrong with a message above that limit, and the fix; without its subject. */
export function describeInflation(limitBytes: number, maxInflation: number): string {
  return `inflates to more than ${limitBytes} bytes, which is ${maxInflation} times its compressed size and ${FREE_BYTES}; send it uncompressed, or raise maxInflation`;
}

// Base64 of gRPC-Web's text mode: a sequence of pieces, each with its own padding. Chunks of the body may cut them anywhere.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 61; // "="
const NONE = 255;
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const VALUES = new Uint8Array(256).fill(NONE);
for (const [value, code] of CODES.entries()) VALUES[code] = value;

export interface PieceDecoder {
  /** @returns the bytes that became complete with this chunk; undefined if it has characters that are not base64 */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
  /** Whether the input may end here: the next character begins a group of four. */
  isBetweenGroups(): boolean;
}

/** @see PROTOCOL-WEB.md of grpc/grpc: padding may appear wherever the sender flushed, not only at the end of a message */
export function pieceDecoder(): PieceDecoder {
  let bits = 0; // the group that is being read
  let count = 0; // its characters, 0 to 3
  let padding = 0; // how many of them are "="
  return {
    isBetweenGroups: () => count === 0,
    push(chunk) {
      const bytes = new Uint8Array(Math.floor((count + chunk.byteLength) / 4) * 3);
      let size = 0;
      for (const code of chunk) {
        const value = VALUES[code]!;
        if (code === PAD ? count < 2 : value === NONE || padding > 0) return undefined;
        if (code === PAD) padding += 1;
        bits = (bits << 6) | value; // bits of padding reach no byte that is written
        count += 1;
        if (count < 4) continue;
        bytes[size++] = bits >> 16;
        if (padding < 2) bytes[size++] = bits >> 8;
        if (padding < 1) bytes[size++] = bits;
        bits = count = padding = 0;
      }
      return bytes.subarray(0, size);
    },
  };
}

/** Encodes one piece with its padding. @returns its characters as bytes */
export function encodePiece(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const piece = new Uint8Array(Math.ceil(bytes.byteLength / 3) * 4);
  let size = 0;
  for (let at = 0; at < bytes.byteLength; at += 3) {
    const left = bytes.byteLength - at;
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    piece[size++] = CODES[group >> 18]!;
    piece[size++] = CODES[(group >> 12) & 63]!;
    piece[size++] = left > 1 ? CODES[(group >> 6) & 63]! : PAD;
    piece[size++] = left > 2 ? CODES[group & 63]! : PAD;
  }
  return piece;
}

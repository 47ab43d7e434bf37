// Base64 in pieces: whatever is encoded comes back, however it is cut; what is no base64 is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePiece, pieceDecoder } from "../../../core/protocol/base64-pieces.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** @returns undefined where a chunk is refused, or the end is within a group */
function decode(chunks: readonly Uint8Array[]): number[] | undefined {
  const decoder = pieceDecoder();
  const bytes: number[] = [];
  for (const chunk of chunks) {
    const part = decoder.push(chunk);
    if (part === undefined) return undefined;
    bytes.push(...part);
  }
  return decoder.isBetweenGroups() ? bytes : undefined;
}

it("encodes as the platform does", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(text(encodePiece(bytes))).toBe(btoa(String.fromCharCode(...bytes)));
    }),
  );
});

it("decodes pieces that follow one another, cut anywhere", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const cuts = fc.array(fc.nat(400), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, cuts, (pieces, cuts) => {
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...encodePiece(piece)]));
      const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const chunks = at.slice(1).map((end, index) => whole.slice(at[index], end));
      expect(decode(chunks)).toEqual(pieces.flatMap((piece) => [...piece]));
    }),
  );
});

it("decodes a chunk into no more memory than its bytes need", () => {
  const bytes = new Uint8Array(3_000).fill(7);
  expect(pieceDecoder().push(encodePiece(bytes))?.buffer.byteLength).toBe(3_000);
});

describe("what is no base64 is refused:", () => {
  it.each([
    ["a space", "AA AA"],
    ["a line break", "AAAA\r\n"],
    ["the URL alphabet", "-_AA"],
    ["a comma", "AAA,"],
    ["padding first", "=AAA"],
    ["padding second", "A==="],
    ["a letter after padding", "AA=A"],
    ["too much padding", "AA==="],
    ["an end within a group", "AAAAA"],
    ["an end within padding", "AA="],
    ["a byte above 127", "AAA\u00e9"],
  ])("%s", (_, input) => {
    expect(decode([ascii(input)])).toBeUndefined();
    expect(decode([...ascii(input)].map((byte) => Uint8Array.of(byte)))).toBeUndefined();
  });
});

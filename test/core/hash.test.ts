// The hash of keys: it decides which object holds a bucket, so that it has to stay as it is.
import { describe, expect, it } from "vitest";
import { hash32, keyedHash } from "../../core/hash.ts";

it.each([
  ["", 2_872_998_923],
  ["a", 444_641_715],
  ["b", 2_193_908_274],
  ["users.v1.UserService/GetUser", 3_912_876_538],
  ["é😀", 4_159_213_040],
])("of %j stays the same from version to version", (text, want) => expect(hash32(text)).toBe(want));

describe("keyedHash", () => {
  const SECRET = [0x03020100, 0x07060504] as const;
  const bytes = (length: number) => String.fromCharCode(...Array.from({ length: length / 2 }, (_, at) => (2 * at) | ((2 * at + 1) << 8)));
  /** The first bytes of the 64 bits that the authors' own test expects for the bytes 0, 1, 2 ... */
  const VECTORS = [
    [0, "218d1f59b9b8"],
    [2, "064f39ef7c50"],
    [4, "d5e78a175be5"],
  ] as const;

  it.each(VECTORS)("is HalfSipHash-2-4 of %i bytes", (length, hex) => {
    const want = [...hex.matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16));
    const value = want.reduceRight((sum, byte) => sum * 256 + byte, 0);
    expect(keyedHash(bytes(length), SECRET) % 2 ** 48).toBe(value);
  });

  it("differs by secret, by length and by every character", () => {
    const texts = ["", "a", "b", "aa", "ab", "ba", "a\0", "abc", "é", "\u0161"];
    const hashes = [...texts.map((text) => keyedHash(text, SECRET)), ...texts.map((text) => keyedHash(text, [1, 2]))];
    expect(new Set(hashes).size).toBe(20);
    expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
  });
});

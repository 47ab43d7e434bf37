// SHA-256 and HMAC in JavaScript against those of Node.
import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asciiBytes, bytesOfHex, equalBytes, hexOf, hmacKey, hmacSha256, sha256 } from "../../../core/auth/sha256.ts";

const LENGTHS = [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 129, 1_000, 32_768];
const digestByNode = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const macByNode = (secret: Uint8Array, bytes: Uint8Array) => createHmac("sha256", secret).update(bytes).digest("hex");

describe("SHA-256", () => {
  it.each(LENGTHS)("of %i bytes", (length) => {
    const bytes = new Uint8Array(length).fill(107);
    expect(hexOf(sha256(bytes))).toBe(digestByNode(bytes));
  });

  it("of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(hexOf(sha256(bytes))).toBe(digestByNode(bytes));
      }),
    );
  });
});

describe("HMAC-SHA-256", () => {
  it.each(LENGTHS)("with a key of %i bytes, and of a message of as many", (length) => {
    const bytes = new Uint8Array(length).fill(200);
    expect(hexOf(hmacSha256(hmacKey(bytes), bytes))).toBe(macByNode(bytes, bytes));
  });

  it("of any message, with one key for many of them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (secret, messages) => {
        const key = hmacKey(secret);
        for (const message of messages) expect(hexOf(hmacSha256(key, message))).toBe(macByNode(secret, message));
      }),
    );
  });
});

it("finds every difference of two byte arrays", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
      const other = Uint8Array.from(bytes);
      expect(equalBytes(bytes, other)).toBe(true);
      other[at % other.length]! ^= change;
      expect(equalBytes(bytes, other)).toBe(false);
      expect(equalBytes(bytes, bytes.subarray(1))).toBe(false);
      expect(equalBytes(bytes.subarray(1), bytes)).toBe(false);
    }),
  );
});

it("writes and reads hexadecimal digits of lower case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(bytesOfHex(hexOf(bytes))).toEqual(bytes);
    }),
  );
  for (const text of ["0", "0A", "0g", " 00", "00\n"]) expect(bytesOfHex(text)).toBeUndefined();
});

it("takes the bytes of ASCII text", () => {
  expect([...asciiBytes("az~")]).toEqual([97, 122, 126]);
});

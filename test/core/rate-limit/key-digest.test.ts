// SHA-256 in JavaScript against that of Node.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { keyDigest } from "../../../core/rate-limit/key-digest.ts";

const byNode = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);

it.each([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 129, 1_000, 32_768])("is SHA-256 of %i bytes", (length) => {
  const bytes = new Uint8Array(length).fill(107);
  expect(keyDigest(bytes)).toBe(byNode(bytes));
});

it("is SHA-256 of any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(keyDigest(bytes)).toBe(byNode(bytes));
    }),
  );
});

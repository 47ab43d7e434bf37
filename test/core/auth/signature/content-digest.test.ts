// Content-Digest.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseContentDigest } from "../../../../core/auth/signature/content-digest.ts";

const digest = (name: "sha256" | "sha512") => createHash(name).update('{"hello": "world"}').digest();
const SHA256 = `sha-256=:${digest("sha256").toString("base64")}:`;
const SHA512 = `sha-512=:${digest("sha512").toString("base64")}:`;

describe("parseContentDigest", () => {
  it("reads the digests that are known, all of them", () => {
    expect(SHA256).toBe("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"); // the example in RFC 9530, appendix A
    expect(parseContentDigest(`md5=:aGk=:, ${SHA512}, ${SHA256}`)).toEqual([
      { algorithm: "SHA-512", value: new Uint8Array(digest("sha512")) },
      { algorithm: "SHA-256", value: new Uint8Array(digest("sha256")) },
    ]);
  });

  it.each([
    "",
    "md5=:aGk=:",
    "sha-256=:aGk=:",
    'sha-256="x"',
    "sha-256",
    "sha-256=(:aGk=:)",
    `${SHA256}, ${SHA256}`,
    `${SHA256}, x=1`,
    "=",
  ])("refuses %j", (text) => {
    expect(parseContentDigest(text)).toBeUndefined();
  });

  it("reads at most 1,024 characters", () => {
    expect(parseContentDigest(SHA256.padEnd(1_024))).toHaveLength(1);
    expect(parseContentDigest(SHA256.padEnd(1_025))).toBeUndefined();
  });
});

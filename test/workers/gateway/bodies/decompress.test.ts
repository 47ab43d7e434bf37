// Decompression within a bound, inside workerd: what counts is the size of the message, in every accepted coding.
import { describe, expect, it } from "vitest";
import type { Rejected } from "../../../../core/rejection.ts";
import { decompress } from "../../../../workers/gateway/bodies/decompress.ts";

const base64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** 100,000 zero bytes each, compressed by Node 24. */
const ZEROS: Readonly<Record<string, Uint8Array>> = {
  gzip: base64(
    "H4sIAAAAAAAAA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBXA32VEdSghgEA",
  ),
  deflate: base64(
    "eJztwTEBAAAAwqD1T20ND6AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAVwOGrwAB",
  ),
  br: base64("W5+GgX8CIB4LBLL8AgA="),
  zstd: base64("KLUv/aCghgEAVQAAEAAAAQCbhjnAAg=="),
};

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));

const refusalOf = (bytes: Uint8Array, encoding: string, maxBytes: number) => {
  try {
    decompress(bytes, encoding, maxBytes, "accept-encoding");
  } catch (error) {
    return (error as Rejected).rejection;
  }
  return undefined;
};

describe.each(Object.entries(ZEROS))("a message in %s", (encoding, bytes) => {
  it("is taken up to the bound, and refused one byte above it", () => {
    expect(decompress(bytes, encoding, 100_000, "accept-encoding")).toEqual(new Uint8Array(100_000));
    expect(decompress(bytes, encoding.toUpperCase(), 1_000_000, "accept-encoding")).toHaveLength(100_000);
    for (const maxBytes of [99_999, 1_000, 1]) expect(refusalOf(bytes, encoding, maxBytes)).toEqual({ kind: "body_too_large", maxBytes });
  });

  it("is refused where it is cut short, is something else, or is broken", () => {
    const problem = { kind: "invalid_request", message: `request is not valid ${encoding}` };
    for (const length of [1, 5, bytes.length - 1]) expect(refusalOf(bytes.subarray(0, length), encoding, 1_000_000)).toEqual(problem);
    expect(refusalOf(new TextEncoder().encode('{"not":"compressed"}'), encoding, 1_000_000)).toEqual(problem);
  });

  it("is empty where it has no bytes", () => {
    expect(decompress(new Uint8Array(), encoding, 1, "accept-encoding")).toHaveLength(0);
  });
});

describe("several compressed parts one after the other", () => {
  it.each(["gzip", "zstd"])("are counted together in %s, whose decoders read them as one", (encoding) => {
    const twice = concat(ZEROS[encoding]!, ZEROS[encoding]!);
    expect(decompress(twice, encoding, 200_000, "accept-encoding")).toHaveLength(200_000);
    expect(refusalOf(twice, encoding, 199_999)).toEqual({ kind: "body_too_large", maxBytes: 199_999 });
  });
});

describe("a coding that cannot be measured", () => {
  it.each(["snappy", "gzip, br", "identity"])("is refused with the accepted ones: %s", (found) => {
    const accepted = ["gzip", "deflate", "br", "zstd"];
    expect(refusalOf(new Uint8Array(1), found, 10)).toEqual({
      kind: "unsupported_encoding",
      found,
      accepted,
      advertise: "accept-encoding",
    });
  });
});

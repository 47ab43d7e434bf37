// Decompression within a bound, inside workerd: what counts is the size of the message, in every accepted coding.
import { describe, expect, it } from "vitest";
import type { Rejected } from "../../../../core/rejection.ts";
import { decompress, decompressSingle, isInCoding } from "../../../../workers/gateway/bodies/decompress.ts";

const base64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** 30,000 zero bytes each, compressed by Node 24: small messages may grow more than a hundredfold. */
const ZEROS: Readonly<Record<string, Uint8Array>> = {
  gzip: base64("H4sIAAAAAAAAA+3BMQEAAADCoPVPbQlPoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPgYgSgJlMHUAAA=="),
  deflate: base64("eJztwTEBAAAAwqD1T20JT6AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD4GdTAAAQ=="),
  br: base64("Gy91+CcA4rFAIJ0NAA=="),
  zstd: base64("KLUv/WAwdE0AABAAAAEAK/UOsA=="),
};

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));

/** The lower half of the CRC-32 of a header. */
function headerChecksum(bytes: Uint8Array): number[] {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0xedb88320);
  }
  return [~crc & 255, (~crc >>> 8) & 255];
}

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
    expect(decompress(bytes, encoding, 30_000, "accept-encoding")).toEqual(new Uint8Array(30_000));
    expect(decompress(bytes, encoding.toUpperCase(), 1_000_000, "accept-encoding")).toHaveLength(30_000);
    for (const maxBytes of [29_999, 1_000, 1]) expect(refusalOf(bytes, encoding, maxBytes)).toEqual({ kind: "body_too_large", maxBytes });
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

describe("a message of a few compressed bytes", () => {
  it("grows to 64 KiB and a hundred times its bytes at most, whatever the limit is", async () => {
    const gzip = async (length: number): Promise<Uint8Array> => {
      const stream = new Blob([new Uint8Array(length)]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    };
    expect(decompress(await gzip(65_536), "gzip", 1_000_000, "accept-encoding")).toHaveLength(65_536);
    const bomb = await gzip(500_000);
    expect(refusalOf(bomb, "gzip", 1_000_000)).toEqual({
      kind: "inflates_too_much",
      limitBytes: 65_536 + 100 * bomb.byteLength,
      maxInflation: 100,
    });
    expect(refusalOf(bomb, "gzip", 1_000)).toEqual({ kind: "body_too_large", maxBytes: 1_000 });
  });
});

describe("several compressed parts one after the other", () => {
  it.each(["gzip", "zstd"])("are counted together in %s, whose decoders read them as one", (encoding) => {
    const twice = concat(ZEROS[encoding]!, ZEROS[encoding]!);
    expect(decompress(twice, encoding, 60_000, "accept-encoding")).toHaveLength(60_000);
    expect(refusalOf(twice, encoding, 59_999)).toEqual({ kind: "body_too_large", maxBytes: 59_999 });
  });
});

describe("data that all decoders read as one message", () => {
  const isRead = (bytes: Uint8Array, encoding: string): boolean => {
    try {
      return decompressSingle(bytes, encoding, 1_000_000, "accept-encoding").byteLength >= 0;
    } catch (error) {
      expect((error as Rejected).rejection).toMatchObject({ kind: "invalid_request" });
      return false;
    }
  };
  const gzip = async (text: string): Promise<Uint8Array> => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  /** Header with every optional part: extra field, name, comment, checksum. */
  const withParts = (bytes: Uint8Array): Uint8Array => {
    const head = concat(bytes.subarray(0, 10), Uint8Array.from([2, 0, 9, 9]), new TextEncoder().encode("name\0comment\0"));
    head[3] = 4 | 8 | 16 | 2;
    return concat(head, Uint8Array.from(headerChecksum(head)), bytes.subarray(10));
  };

  it.each(Object.entries(ZEROS))("is one part, in %s", (encoding, bytes) => {
    expect(isRead(bytes, encoding)).toBe(true);
    expect(isRead(new Uint8Array(), encoding)).toBe(true);
  });

  it("is one member in gzip, with or without the optional parts of its header", async () => {
    for (const text of ["", "a", "ab", "a".repeat(50_000)]) {
      const member = await gzip(text);
      expect([text.length, isRead(member, "GZIP"), isRead(withParts(member), "x-gzip")]).toEqual([text.length, true, true]);
    }
  });

  it("is not several members or frames, of which some decoders read only the first", async () => {
    const [empty, small, large] = [await gzip(""), await gzip("a"), await gzip("b".repeat(50_000))];
    for (const parts of [
      [small, small],
      [small, large],
      [large, small],
      [empty, small],
      [empty, large],
      [small, empty],
      [empty, empty, small],
    ])
      expect(isRead(concat(...parts), "gzip")).toBe(false);
    expect(isRead(concat(withParts(empty), small), "gzip")).toBe(false);
    expect(isRead(concat(empty, empty), "gzip")).toBe(true); // empty, however much of it is read
    expect(isRead(concat(ZEROS["zstd"]!, ZEROS["zstd"]!), "zstd")).toBe(false);
  });
});

describe("the coding of a response", () => {
  it.each(Object.entries(ZEROS))("is %s, or is not", (encoding, bytes) => {
    expect(isInCoding(bytes, encoding)).toBe(true);
    for (const wrong of [
      bytes.subarray(0, -1),
      concat(bytes.subarray(0, 10), new Uint8Array(40).fill(0x55)),
      new TextEncoder().encode("plain text"),
    ])
      expect(isInCoding(wrong, encoding)).toBe(false);
  });

  it("is right where it is unknown, and where its content is longer than what is checked", async () => {
    expect(isInCoding(new TextEncoder().encode("a"), "dcb")).toBe(true);
    const stream = new Blob([new Uint8Array(20_000_000)]).stream().pipeThrough(new CompressionStream("gzip"));
    expect(isInCoding(new Uint8Array(await new Response(stream).arrayBuffer()), "gzip")).toBe(true);
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

import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FRAMES, zstdFrames } from "../../../core/protocol/zstd.ts";

const skippable = (length: number): Uint8Array => {
  const frame = new Uint8Array(8 + length);
  new DataView(frame.buffer).setUint32(0, 0x184d2a53, true);
  new DataView(frame.buffer).setUint32(4, length, true);
  return frame;
};

describe("frames of Zstandard data", () => {
  it("are found whole, however they were written, with skippable ones left out", () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.record({ byte: fc.nat(255), length: fc.nat(600_000) }).map(({ byte, length }) => new Uint8Array(length).fill(byte)),
    );
    const frame = fc.record({ content, level: fc.constantFrom(-5, 1, 3, 19), checksum: fc.boolean(), size: fc.boolean() });
    const compress = ({ content, level, checksum, size }: { content: Uint8Array; level: number; checksum: boolean; size: boolean }) =>
      zstdCompressSync(content, {
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
          [constants.ZSTD_c_contentSizeFlag]: size ? 1 : 0,
        },
      });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 4 }), fc.nat(9), (all, padding) => {
        const frames = all.map(compress).map((one) => new Uint8Array(one));
        const data = Buffer.concat(frames.flatMap((one) => [one, skippable(padding)]));
        expect(zstdFrames(data)?.map((one) => Buffer.from(one).toString("hex"))).toEqual(
          frames.map((one) => Buffer.from(one).toString("hex")),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("are none where the data is cut short, at whichever byte", () => {
    const data = new Uint8Array(zstdCompressSync(Buffer.from("some content, some content, some content")));
    for (let length = 1; length < data.length; length++) expect(zstdFrames(data.subarray(0, length)), `${length} bytes`).toBeUndefined();
    expect(zstdFrames(data)).toHaveLength(1);
    expect(zstdFrames(skippable(10).subarray(0, 17))).toBeUndefined();
  });

  it("are none where bytes follow, or the data is something else", () => {
    const data = new Uint8Array(zstdCompressSync(Buffer.from("content")));
    expect(zstdFrames(Buffer.concat([data, new Uint8Array(9)]))).toBeUndefined();
    expect(zstdFrames(new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
  });

  it("are none where a decoder would need a window of more than 8 MiB", () => {
    const windowOf = (descriptor: number) => new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, descriptor, 0x01, 0x00, 0x00]);
    expect(zstdFrames(windowOf(13 << 3))).toHaveLength(1); // 8 MiB
    expect(zstdFrames(windowOf((13 << 3) | 1))).toBeUndefined(); // 9 MiB
    expect(zstdFrames(windowOf(0xff))).toBeUndefined(); // 3.75 TiB
  });

  it("are refused in numbers that only an attack has", () => {
    const empty = new Uint8Array(zstdCompressSync(new Uint8Array()));
    const frames = (count: number) => Buffer.concat(Array.from({ length: count }, () => empty));
    expect(zstdFrames(frames(MAX_FRAMES))).toHaveLength(MAX_FRAMES);
    expect(zstdFrames(frames(MAX_FRAMES + 1))).toBeUndefined();
  });
});

it("windows are counted in eighths, up to 8 MiB", () => {
  const frame = (window: number) => Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
  for (const window of [0, 7, 8, 103, 104]) expect(zstdFrames(frame(window))?.length, `${window}`).toBe(1);
  for (const window of [105, 111, 112, 255]) expect(zstdFrames(frame(window)), `${window}`).toBeUndefined();
});

// Envelopes, in chunks of any size.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enveloped, envelopeReader, FLAGS } from "../../../console/src/call/envelopes.ts";

describe("envelopes", () => {
  it("come out as they went in, in whatever chunks they arrive", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (texts, sizes) => {
        const bytes = enveloped(texts);
        const read = envelopeReader();
        const complete: string[] = [];
        for (let at = 0, step = 0; at < bytes.length; step += 1) {
          const size = sizes[step % sizes.length] ?? 1;
          complete.push(...read(bytes.slice(at, at + size)).map(({ text }) => text));
          at += size;
        }
        expect(complete).toEqual(texts);
      }),
    );
  });

  it("keep their flags", () => {
    const bytes = enveloped(["{}"]);
    bytes[0] = FLAGS.connectEnd;
    expect(envelopeReader()(bytes)).toEqual([{ flags: FLAGS.connectEnd, text: "{}" }]);
  });

  it("are refused where the length is above 4 MiB, before anything of it is kept", () => {
    expect(() => envelopeReader()(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff))).toThrow("4294967295 bytes");
  });
});

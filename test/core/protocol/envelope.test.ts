// Lengths of messages that pass by in a stream, whichever way it is cut.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvelopeFilter, envelopeMeter, singleEnvelope } from "../../../core/protocol/envelope.ts";

function envelope(length: number, claimed = length): Uint8Array {
  const bytes = new Uint8Array(5 + length);
  new DataView(bytes.buffer).setUint32(1, claimed);
  return bytes;
}

it("sees the one message that is too large, at the byte that tells its length, however the stream is cut", () => {
  const sizes = fc.array(fc.nat(300), { maxLength: 12 });
  fc.assert(
    fc.property(sizes, fc.nat(200), fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (lengths, maxBytes, cuts) => {
      const stream = Uint8Array.from(lengths.flatMap((length) => [...envelope(length)]));
      const meter = envelopeMeter(maxBytes);
      let seen: number | undefined;
      for (let at = 0; at < stream.length && seen === undefined; ) {
        const step = cuts.next().value ?? 1;
        seen = meter.read(stream.subarray(at, at + step));
        at += step;
      }
      expect(seen).toBe(lengths.find((length) => length > maxBytes));
    }),
  );
});

it("reads a length of four full bytes", () => {
  expect(envelopeMeter(1).read(envelope(0, 0xffffffff))).toBe(0xffffffff);
});

it("says after each byte whether the stream may end there, and the flags of the envelope that was begun last", () => {
  const meter = envelopeMeter(10);
  expect([meter.isBetweenMessages(), meter.flags()]).toEqual([true, 0]);
  const stream = [2, 0, 0, 0, 3, 7, 8, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 5]; // messages of 3, 0 and 1 bytes
  const seen = stream.map((byte) => {
    meter.read(Uint8Array.of(byte));
    return { isBetween: meter.isBetweenMessages(), flags: meter.flags() };
  });
  expect(stream.map((_, at) => at + 1).filter((end) => seen[end - 1]!.isBetween)).toEqual([8, 13, 19]);
  expect(seen.map(({ flags }) => flags).join("")).toBe("2222222200000111111");
});

describe("a gate for envelopes", () => {
  interface Written {
    readonly flags: number;
    readonly message: Uint8Array;
  }
  const write = ({ flags, message }: Written): number[] => {
    const length = message.length;
    return [flags, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, ...message];
  };
  const written = fc.record({ flags: fc.constantFrom(0, 1, 2, 3, 128), message: fc.uint8Array({ maxLength: 40 }) });
  const kindOf = (act: () => unknown): string | undefined => {
    try {
      act();
    } catch (error) {
      return (error as { rejection: { kind: string } }).rejection.kind;
    }
    return undefined;
  };

  it("lets every byte pass in order, whichever way it is cut, and shows each compressed message before any of it has passed", () => {
    fc.assert(
      fc.property(
        fc.array(written, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        (all, sizes) => {
          const bytes = new Uint8Array(all.flatMap(write));
          const passed: number[] = [];
          const shown: string[] = [];
          const gate = new EnvelopeFilter(40, (message) => {
            shown.push(message.join());
            const before = all
              .filter(({ flags, message: { length } }) => (flags & 1) === 1 && length > 0)
              .slice(0, shown.length)
              .at(-1)!;
            const start = all.slice(0, all.indexOf(before)).reduce((sum, one) => sum + 5 + one.message.length, 0);
            expect(passed.length).toBeLessThanOrEqual(start + 5);
          });
          for (let at = 0, nth = 0; at < bytes.length; nth++) {
            const size = sizes[nth % sizes.length]!;
            passed.push(...gate.pass(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(passed).toEqual([...bytes]);
          expect(shown).toEqual(
            all.filter(({ flags, message }) => (flags & 1) === 1 && message.length > 0).map(({ message }) => message.join()),
          );
          expect([gate.isBetweenMessages(), kindOf(() => gate.end()), gate.messages]).toEqual([true, undefined, all.length]);
        },
      ),
    );
  });

  it("hands a chunk on as it is where nothing in it is compressed, or nobody checks", () => {
    const plain = new Uint8Array(write({ flags: 0, message: new Uint8Array(3) }));
    expect(new EnvelopeFilter(3, () => undefined).pass(plain)).toBe(plain);
    const packed = new Uint8Array(write({ flags: 1, message: new Uint8Array(3) }));
    expect(new EnvelopeFilter(3, undefined).pass(packed)).toBe(packed);
  });

  it("refuses a message over the limit with the last byte of its length, and takes one at the limit", () => {
    const gate = new EnvelopeFilter(256, undefined);
    gate.pass(new Uint8Array(write({ flags: 0, message: new Uint8Array(256) })));
    gate.pass(new Uint8Array([0, 0, 0, 1]));
    expect(kindOf(() => gate.pass(new Uint8Array([1])))).toBe("body_too_large");
  });

  it("knows a stream that ends within a message, or within the head of one", () => {
    for (const cut of [1, 4, 5, 7]) {
      const gate = new EnvelopeFilter(10, undefined);
      gate.pass(new Uint8Array(write({ flags: 0, message: new Uint8Array(3) })).subarray(0, cut));
      expect([gate.isBetweenMessages(), kindOf(() => gate.end())], `${cut} bytes`).toEqual([false, "invalid_request"]);
    }
  });

  it("says why it refuses a stream that ends within a message", () => {
    const gate = new EnvelopeFilter(10, undefined);
    gate.pass(Uint8Array.of(0));
    const rejection = { kind: "invalid_request", message: "the request ends within a message" };
    expect(() => gate.end()).toThrow(expect.objectContaining({ rejection }));
  });

  it("knows the memory of a message that is held back, and of one more chunk", () => {
    const gate = new EnvelopeFilter(100, () => undefined);
    gate.pass(new Uint8Array([0, 0, 0, 0, 1, 7]));
    expect(gate.heldBytesWith(4)).toBe(4); // nothing is held back
    gate.pass(new Uint8Array(write({ flags: 1, message: new Uint8Array(100) })).subarray(0, 65));
    expect(gate.heldBytesWith(4)).toBeGreaterThanOrEqual(64);
    gate.pass(new Uint8Array(40));
    expect(gate.heldBytesWith(4)).toBe(4);
  });

  it("does not let a message pass that its check refuses", () => {
    const gate = new EnvelopeFilter(10, () => {
      throw new Error("refused");
    });
    expect(() => gate.pass(new Uint8Array(write({ flags: 1, message: new Uint8Array(3) })))).toThrow("refused");
  });
});

describe("the single envelope of a request", () => {
  const problemOf = (...bytes: number[]): string | undefined => {
    const found = singleEnvelope(Uint8Array.from(bytes));
    return found.kind === "invalid" ? found.problem : undefined;
  };

  it("is read with its flag of compression, wherever it begins in its buffer", () => {
    const bytes = Uint8Array.from([9, 1, 0, 0, 0, 2, 7, 8]).subarray(1);
    expect(singleEnvelope(bytes)).toEqual({ kind: "ok", flags: 1, data: Uint8Array.from([7, 8]) });
    expect(singleEnvelope(envelope(0))).toEqual({ kind: "ok", flags: 0, data: new Uint8Array() });
  });

  it.each([
    ["request has no message", []],
    ["request ends within the header of its message", [0, 0, 0, 0]],
    ["message of 2 bytes ends after 1", [0, 0, 0, 0, 2, 7]],
    ["request has 1 bytes after its one message", [0, 0, 0, 0, 1, 7, 8]],
    ["request has 5 bytes after its one message", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["message of 4294967295 bytes ends after 0", [0, 255, 255, 255, 255]],
    ["message has unknown flags: 2", [2, 0, 0, 0, 0]],
    ["message has unknown flags: 128", [128, 0, 0, 0, 0]],
    ["message has unknown flags: 5", [5, 0, 0, 0, 0]],
  ])("is refused: %s", (problem, bytes) => {
    expect(problemOf(...bytes)).toBe(problem);
  });
});

it("never leaves a stream after the head of a message whose bytes have not come: some servers take that for its end", () => {
  const stream = [0, 0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 9, 9, 9, 0, 0, 0, 0, 1, 6]; // the third one counts as compressed
  for (let size = 1; size <= stream.length; size++) {
    for (let end = 1; end <= stream.length; end++) {
      const gate = new EnvelopeFilter(10, () => undefined);
      const passed: number[] = [];
      for (let at = 0; at < end; at += size) passed.push(...gate.pass(Uint8Array.from(stream.slice(at, Math.min(end, at + size)))));
      expect(stream.slice(0, passed.length)).toEqual(passed);
      expect([5, 17, 25], `${end} bytes in chunks of ${size}`).not.toContain(passed.length);
      if (gate.isBetweenMessages()) expect(passed).toHaveLength(end);
    }
  }
});

import { describe, expect, it } from "vitest";
import { responseStream } from "../../../core/protocol/response-stream.ts";

describe("responseStream", () => {
  const envelope = (flags: number, size: number): number[] => [
    flags,
    size >>> 24,
    (size >>> 16) & 255,
    (size >>> 8) & 255,
    size & 255,
    ...Array(size).fill(7),
  ];
  const ends = { grpc_web: 0x80, connect_stream: 2 } as const;

  it.each(["grpc_web", "connect_stream"] as const)("follows the envelopes of %s up to the last one, in chunks of any size", (wire) => {
    const bytes = [...envelope(0, 3), ...envelope(1, 0), ...envelope(0, 300), ...envelope(ends[wire], 2)];
    for (const size of [1, 2, 3, 5, 7, 64, 1_000]) {
      const stream = responseStream(wire, 1_000);
      for (let at = 0; at < bytes.length; at += size) {
        expect(stream.missing()).toBeDefined();
        expect(stream.read(Uint8Array.from(bytes.slice(at, at + size)))).toBeUndefined();
      }
      expect(stream.missing()).toBeUndefined();
      expect(stream.read(Uint8Array.from([99, 99]))).toBeUndefined(); // bytes after the end are ignored
      expect(stream.missing()).toBeUndefined();
    }
  });

  it("reports a missing end, and an incomplete message", () => {
    const ended = (wire: "grpc_web" | "connect_stream", bytes: number[]) => {
      const stream = responseStream(wire, 1_000);
      expect(stream.read(Uint8Array.from(bytes))).toBeUndefined();
      return stream.missing()?.problem;
    };
    expect(ended("grpc_web", [])).toBe("ended its response without trailers");
    expect(ended("connect_stream", envelope(0, 1))).toBe("ended its response without an end-of-stream message");
    const within = "ended its response within a message";
    expect([ended("grpc_web", [0]), ended("grpc_web", [0, 0, 0, 0]), ended("grpc_web", [0, 0, 0, 0, 1])]).toEqual([within, within, within]);
    expect(ended("grpc_web", envelope(0x80, 5).slice(0, -1))).toBe(within);
    expect(ended("grpc_web", envelope(0x81, 5))).toBeUndefined();
  });

  it("refuses a first byte with unknown flags", () => {
    const first = (wire: "grpc_web" | "connect_stream", byte: number) => responseStream(wire, 1_000).read(Uint8Array.from([byte]))?.problem;
    expect(first("grpc_web", 0x3c)).toBe("sent bytes that are not an envelope (first byte 0x3c)");
    expect(
      [first("grpc_web", 2), first("connect_stream", 0x80), first("connect_stream", 3), first("grpc_web", 0x81)].map(
        (one) => one === undefined,
      ),
    ).toEqual([false, false, true, true]);
  });

  it("refuses a message over the limit as soon as its length is read, and the last envelope, too", () => {
    for (const flags of [0, 1, 2]) {
      const stream = responseStream("connect_stream", 10);
      expect(stream.read(Uint8Array.from(envelope(0, 10)))).toBeUndefined();
      expect(stream.read(Uint8Array.from([flags, 0, 0, 0]))).toBeUndefined();
      expect(stream.read(Uint8Array.from([11]))).toEqual({
        fault: "too_large",
        problem: "sent a message of more than 10 bytes; the limit is maxResponseBytes",
        code: "resource_exhausted",
        countsAsFailure: false,
        httpStatus: 502,
      });
    }
  });
});

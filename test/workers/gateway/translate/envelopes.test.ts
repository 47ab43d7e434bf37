import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { joinBytes } from "../../../../core/bytes.ts";
import { decompressed, type Envelope, readEnvelopes, rewriteLastEnvelope } from "../../../../workers/gateway/translate/envelopes.ts";

const text = (value: string) => Uint8Array.from(new TextEncoder().encode(value));
const END = 0x80;
const NEW_END = text("<end>");

describe("readEnvelopes", () => {
  it("reads whole envelopes", () => {
    const bytes = joinBytes([encodeEnvelope(0, text("ab")), encodeEnvelope(END, new Uint8Array())]);
    expect(readEnvelopes(bytes)).toEqual([
      { flags: 0, data: text("ab") },
      { flags: END, data: new Uint8Array() },
    ]);
    expect(readEnvelopes(new Uint8Array())).toEqual([]);
  });

  it.each([1, 4, 6])("refuses bytes that end %i bytes into an envelope", (size) => {
    expect(readEnvelopes(encodeEnvelope(0, text("ab")).slice(0, size))).toBeUndefined();
  });
});

describe("decompressed", () => {
  it("decompresses data whose flag says so, and returns other data as it is", async () => {
    const stream = new Blob([text("trailers")]).stream().pipeThrough(new CompressionStream("gzip"));
    const data = new Uint8Array(await new Response(stream).arrayBuffer());
    expect(await decompressed({ flags: END | 1, data }, "gzip")).toEqual(text("trailers"));
    expect(await decompressed({ flags: END, data: text("x") }, "gzip")).toEqual(text("x"));
  });

  it.each([
    [null, "no header names the encoding"],
    ["snappy", 'unknown compression "snappy"'],
  ])("refuses compressed data with the encoding %s", async (encoding, message) => {
    await expect(decompressed({ flags: 1, data: text("x") }, encoding)).rejects.toThrow(message);
  });
});

describe("rewriteLastEnvelope", () => {
  const message = encodeEnvelope(0, text("hello"));
  const end = encodeEnvelope(END, text("old"));

  /** The rewritten body, and what `rewrite` got. A body that is `broken` fails after its chunks. */
  async function rewritten(whole: Uint8Array, chunkSize: number, broken?: Error) {
    const calls: [Envelope | undefined, unknown][] = [];
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at < whole.byteLength) controller.enqueue(whole.slice(at, at + chunkSize));
        else if (broken === undefined) controller.close();
        else controller.error(broken);
        at += chunkSize;
      },
    });
    const stream = rewriteLastEnvelope(body, END, async (last, reason) => {
      calls.push([last, reason]);
      return NEW_END;
    });
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    return { bytes, calls };
  }

  it.each([1, 3, 7, 1_000])("passes messages and replaces the end, in chunks of %i bytes", async (chunkSize) => {
    const { bytes, calls } = await rewritten(joinBytes([message, message, end, text("ignored")]), chunkSize);
    expect(bytes).toEqual(joinBytes([message, message, NEW_END]));
    expect(calls).toEqual([[{ flags: END, data: text("old"), size: 3 }, undefined]]);
  });

  it("writes an end if the upstream sent none", async () => {
    const { bytes, calls } = await rewritten(message, 4);
    expect(bytes).toEqual(joinBytes([message, NEW_END]));
    expect(calls).toEqual([[undefined, undefined]]);
  });

  it("writes an end with the error if the stream fails between two messages", async () => {
    const lost = new Error("connection lost");
    const { bytes, calls } = await rewritten(message, 1_000, lost);
    expect(bytes).toEqual(joinBytes([message, NEW_END]));
    expect((calls[0]![1] as Error).message).toBe("connection lost");
  });

  it("stays interrupted if the stream ends within a message", async () => {
    await expect(rewritten(message.slice(0, 7), 1_000)).rejects.toThrow("interrupted within a message");
  });

  it("refuses a last envelope of more than one megabyte", async () => {
    const header = Uint8Array.of(END, 0, 0x20, 0, 0);
    await expect(rewritten(header, 1_000)).rejects.toThrow("2097152 bytes");
  });
});

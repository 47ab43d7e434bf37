// Messages of a stream, however its bytes are cut.
import fc from "fast-check";
import { expect, it } from "vitest";
import { enveloped, envelopes } from "../../../console/src/data/envelopes.ts";

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function read(chunks: readonly Uint8Array[]): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { bytes } of envelopes(streamOf(chunks))) found.push([...bytes]);
  return found;
}

it("reads messages however their bytes arrive", async () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(messages, fc.integer({ min: 1, max: 40 }), async (sent, size) => {
      const all = sent.flatMap((message) => [...enveloped(message)]);
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
        Uint8Array.from(all.slice(at * size, (at + 1) * size)),
      );
      expect(await read(chunks)).toEqual(sent.map((message) => [...message]));
    }),
  );
});

it("refuses a stream that ends within a message, is compressed, or is too large", async () => {
  await expect(read([enveloped(new Uint8Array(10)).subarray(0, 12)])).rejects.toThrow("ended within a message");
  await expect(read([Uint8Array.of(1, 0, 0, 0, 0)])).rejects.toThrow("compressed");
  await expect(read([Uint8Array.of(0, 255, 0, 0, 0)])).rejects.toThrow("at most 16777216");
});

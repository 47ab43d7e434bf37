// Chunks of a body: their sizes, and the memory that they are in.
import { expect, it } from "vitest";
import { chunkReader } from "../../../../workers/gateway/bodies/chunk-reader.ts";

/** A stream of the runtime, as bodies of requests and responses are. */
const native = (bytes: number): ReadableStream<Uint8Array> => new Response(new Uint8Array(bytes).fill(7)).body!;

const made = (...sizes: number[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const size of sizes) controller.enqueue(new Uint8Array(size).fill(7));
      controller.close();
    },
  });

async function sizesOf(body: ReadableStream<Uint8Array>, isReused = false): Promise<number[]> {
  const reader = chunkReader(body, isReused);
  const sizes: number[] = [];
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    expect(chunk.every((byte) => byte === 7)).toBe(true);
    sizes.push(chunk.byteLength);
  }
  return sizes;
}

it("grow while they are full, so that a large body takes few reads", async () => {
  const sizes = await sizesOf(native(1_000_000));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_000_000);
  expect([sizes[0], Math.max(...sizes)]).toEqual([4_096, 65_536]);
  expect(sizes.length).toBeLessThan(30);
});

it("are read into one buffer where the reader copies them", async () => {
  const sizes = await sizesOf(native(100_000), true);
  expect([sizes.reduce((sum, size) => sum + size, 0), Math.max(...sizes)]).toEqual([100_000, 16_384]);
});

it("are those of a stream that was made in JavaScript", async () => {
  expect(await sizesOf(made(3, 5_000, 1))).toEqual([3, 5_000, 1]);
  expect(await sizesOf(made(3, 5_000, 1), true)).toEqual([3, 5_000, 1]);
});

it("leave the rest readable, and can be given up", async () => {
  const body = native(100_000);
  const reader = chunkReader(body, true);
  const first = (await reader.read())!.byteLength;
  reader.releaseLock();
  expect((await sizesOf(body)).reduce((sum, size) => sum + size, first)).toBe(100_000);
  await chunkReader(native(10)).cancel(undefined);
});

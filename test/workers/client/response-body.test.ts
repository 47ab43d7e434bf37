// Bodies of responses: read within a bound, or passed on.
import { expect, it } from "vitest";
import { chunksOf, iterate, readBody, watched } from "../../../workers/client/response-body.ts";

const bodyOf = (...chunks: string[]) => new Blob(chunks).stream();

it("reads a body whole, and no more than one chunk beyond its bound", async () => {
  const whole = await readBody(bodyOf("abc"), 3);
  expect([whole.bytes, whole.rest]).toEqual([3, undefined]);
  expect((await readBody(null, 3)).bytes).toBe(0);
  let pulls = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls += 1;
      controller.enqueue(new Uint8Array(2));
    },
  });
  const part = await readBody(endless, 3);
  expect([part.bytes, part.rest === undefined]).toEqual([4, false]);
  expect(pulls).toBeLessThanOrEqual(4);
  await part.rest?.cancel();
});

it("iterates over chunks that were read", async () => {
  const read: number[] = [];
  for await (const chunk of chunksOf([new Uint8Array([1]), new Uint8Array([2])])) read.push(...chunk);
  expect(read).toEqual([1, 2]);
});

it("notices where a body breaks off, and passes the error on", async () => {
  let breaks = 0;
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("lost")) });
  const chunks = watched(iterate(body.getReader()), () => {
    breaks += 1;
  });
  await expect(chunks[Symbol.asyncIterator]().next()).rejects.toThrow("lost");
  expect(breaks).toBe(1);
});

it("gives the connection up where its reader stops", async () => {
  let reason: unknown;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array([1])),
    cancel: (why) => {
      reason = why;
    },
  });
  const iterator = watched(iterate(body.getReader()), () => undefined)[Symbol.asyncIterator]();
  await iterator.next();
  expect(await iterator.throw?.("enough")).toEqual({ done: true, value: undefined });
  expect([reason, (await iterate(undefined)[Symbol.asyncIterator]().next()).done]).toEqual(["enough", true]);
});

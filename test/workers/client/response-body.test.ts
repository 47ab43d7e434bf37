// Bodies of responses: read within a bound, or passed on.
import { describe, expect, it } from "vitest";
import { chunksOf, iterate, readBody, smallBody, watched } from "../../../workers/client/response-body.ts";

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

describe("the body of a response", () => {
  const text = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return new TextDecoder().decode(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  };
  const written = (text: string) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
  const respond = (body: BodyInit | null, length?: number) =>
    new Response(body, length === undefined ? {} : { headers: { "content-length": String(length) } });

  it.each<[string, () => Response, string]>([
    ["of the declared length", () => respond(bodyOf("abc"), 3), "abc"],
    ["shorter than declared, for its reader to judge", () => respond(bodyOf("ab"), 3), "ab"],
    ["longer than declared", () => respond(bodyOf("abcdef", "ghi"), 3), "abcdefghi"],
    ["without a length", () => respond(bodyOf("abc")), "abc"],
    ["that is large", () => respond(bodyOf("a".repeat(70_000)), 70_000), "a".repeat(70_000)],
    ["that a program writes", () => respond(written("a"), 1), "a"],
    ["whose length is negative", () => respond(bodyOf("abc"), -1), "abc"],
    ["whose length is no whole number", () => respond(bodyOf("abc"), 1.5), "abc"],
    ["that is empty", () => respond(bodyOf(""), 0), ""],
    ["that is none", () => respond(null, 0), ""],
  ])("%s is read", async (_, response, expected) => expect(await text(await smallBody(response()))).toBe(expected));

  it("that breaks off fails", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const read = smallBody(respond(readable, 10)).then(text);
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(3));
    await writer.abort(new Error("lost")).catch(() => undefined);
    await expect(read).rejects.toThrow("lost");
  });
});

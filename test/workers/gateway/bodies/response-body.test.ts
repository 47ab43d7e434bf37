// Bodies of responses: read into memory within a bound, or passed on while they are counted.
import { describe, expect, it } from "vitest";
import { passOn, readBody } from "../../../../workers/gateway/bodies/response-body.ts";

const native = (...chunks: string[]): ReadableStream<Uint8Array> => new Blob(chunks).stream();
const made = (...chunks: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
const textOf = async (body: BodyInit): Promise<string> => new Response(body).text();

/** A source that never ends, and notes why it was cancelled. */
function endless() {
  const seen = { reasons: [] as unknown[], chunks: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.chunks += 1;
        controller.enqueue(new Uint8Array(20));
      },
      cancel(reason) {
        seen.reasons.push(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

describe.each([
  ["of the runtime", native],
  ["made in JavaScript", made],
])("a body %s", (_, streamOf) => {
  it.each([0, 1, 9, 10, 11, 4_096, 1_000_000_000])("is whole whatever length its sender declares: %d", async (declared) => {
    const read = await readBody(streamOf("01234", "56789"), 10, undefined, declared);
    expect(read.kind === "whole" && (await textOf(read.body))).toBe("0123456789");
    const large = await readBody(streamOf("01234", "56789"), 9, undefined, declared);
    expect(large.kind === "large" && (await textOf(passOn(large)))).toBe("0123456789");
  });

  it("is returned as bytes up to the limit", async () => {
    const read = await readBody(streamOf("01234", "56789"), 10);
    expect(read.kind === "whole" && (await textOf(read.body))).toBe("0123456789");
  });

  it.each([0, 1, 4_096, 4_097, 8_192, 100_000])("is returned as bytes: %d", async (bytes) => {
    const text = "0123456789".repeat(10_000).slice(0, bytes);
    const read = await readBody(streamOf(text), 100_000);
    expect(read.kind === "whole" && (await textOf(read.body))).toBe(text);
  });

  it("is passed on from its start where it is larger", async () => {
    const read = await readBody(streamOf("0123456789", "abc", "d"), 10);
    expect(read.kind === "large" && (await textOf(passOn(read)))).toBe("0123456789abcd");
  });

  it("is whole after it was passed on, however large", async () => {
    const text = "0123456789".repeat(50_000);
    expect(await textOf(passOn({ kind: "large", head: [], rest: streamOf(text) }))).toBe(text);
  });
});

it("no body is an empty one", async () => {
  expect(await readBody(null, 10)).toEqual({ kind: "whole", body: new Uint8Array() });
});

it("reads one chunk past the limit, and no more", async () => {
  const { body, seen } = endless();
  const read = await readBody(body, 100);
  expect([read.kind, seen.chunks]).toEqual(["large", 6]);
});

it("cancels the source when the reader of the stream cancels it", async () => {
  const { body, seen } = endless();
  await passOn({ kind: "large", head: [], rest: body }).cancel("gone");
  expect(seen.reasons).toEqual(["gone"]);
});

it("ends a body that passes at the limit, and its source", async () => {
  const { body, seen } = endless();
  const watch = { maxBytes: 100, tooLarge: () => new Error("too large"), failed: (error: unknown) => error };
  await expect(textOf(passOn({ kind: "large", head: [new Uint8Array(10)], rest: body }, watch))).rejects.toThrow("too large");
  expect([seen.reasons.length, seen.chunks]).toEqual([1, 5]);
});

it("passes a body of exactly the limit", async () => {
  const watch = { maxBytes: 10, tooLarge: () => new Error("too large"), failed: (error: unknown) => error };
  expect(await textOf(passOn({ kind: "large", head: [], rest: native("0123456789") }, watch))).toBe("0123456789");
});

it("reports a source that fails, with the time that it was waited for", async () => {
  const waits: number[] = [];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await scheduler.wait(30);
      controller.error(new Error("lost"));
    },
  });
  const failed = (error: unknown, waitedMs: number): unknown => {
    waits.push(waitedMs);
    return new Error(`replaced: ${(error as Error).message}`);
  };
  const watch = { maxBytes: 10, tooLarge: () => undefined, failed };
  await expect(textOf(passOn({ kind: "large", head: [], rest: body }, watch))).rejects.toThrow("replaced: lost");
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThanOrEqual(20);
});

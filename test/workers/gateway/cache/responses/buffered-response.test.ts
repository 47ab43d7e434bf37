// Responses in memory: reading bodies up to a limit, and writing responses.
import { describe, expect, it } from "vitest";
import { headerFields, headerPairs, readBody, toResponse } from "../../../../../workers/gateway/cache/responses/buffered-response.ts";

const streamOf = (...chunks: string[]): ReadableStream<Uint8Array> =>
  new Blob(chunks).stream().pipeThrough(new TransformStream<Uint8Array, Uint8Array>()) as ReadableStream<Uint8Array>;
const textOf = async (body: BodyInit): Promise<string> => new Response(body).text();

describe("reading a body", () => {
  it("returns bodies up to the limit as bytes", async () => {
    const read = await readBody(streamOf("0123456789"), null, 10);
    expect(read.kind === "whole" && (await textOf(read.body))).toBe("0123456789");
    expect(await readBody(null, null, 10)).toEqual({ kind: "whole", body: new Uint8Array() });
  });

  it("returns larger bodies as a stream that begins with what was read", async () => {
    const read = await readBody(streamOf("0123456789", "a"), null, 10);
    expect(read.kind === "large" && (await textOf(read.body))).toBe("0123456789a");
  });

  it("does not read a body whose Content-Length is above the limit", async () => {
    const body = streamOf("0123456789a");
    const read = await readBody(body, "11", 10);
    expect(read).toEqual({ kind: "large", body });
    expect(body.locked).toBe(false);
    expect((await readBody(streamOf("a"), "10", 10)).kind).toBe("whole");
  });

  it("cancels the source when the caller cancels the stream", async () => {
    let reason: unknown;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(20)),
      cancel(given) {
        reason = given;
      },
    });
    const read = await readBody(source, null, 10);
    if (read.kind === "large") await read.body.cancel("gone");
    expect(reason).toBe("gone");
  });
});

it("header pairs are in lower case, and found in any case", () => {
  const pairs = headerPairs(new Headers({ "X-A": "1" }));
  expect(pairs).toEqual([["x-a", "1"]]);
  expect([headerFields(pairs).get("X-A"), headerFields(pairs).get("x-b")]).toEqual(["1", null]);
});

it("a status without a body drops it, and headers are copied", async () => {
  const headers = new Headers({ "x-a": "1" });
  const body = new TextEncoder().encode("a") as Uint8Array<ArrayBuffer>;
  for (const status of [204, 205, 304]) expect(toResponse(status, headers, body).body).toBeNull();
  const response = toResponse(200, headers, body);
  headers.set("x-a", "2");
  expect([response.headers.get("x-a"), await response.text()]).toEqual(["1", "a"]);
});

// Bodies of requests, joined in memory.
import { expect, it } from "vitest";
import { duplex, wholeBody } from "../../../workers/client/request-body.ts";

async function* chunks(...all: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* all;
}

it("joins chunks, and copies no single one", async () => {
  const one = new Uint8Array([1]);
  expect([...(await wholeBody(chunks(one, new Uint8Array([2, 3]))))]).toEqual([1, 2, 3]);
  expect((await wholeBody(chunks())).byteLength).toBe(0);
  expect(await wholeBody(chunks(one))).toBe(one);
});

it("announces a stream as runtimes but workerd want it", () => {
  expect([duplex(new ReadableStream()), duplex(new Uint8Array()), duplex(null)]).toEqual([{ duplex: "half" }, {}, {}]);
});

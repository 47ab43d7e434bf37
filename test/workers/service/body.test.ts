import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { drain, readBody } from "../../../workers/service/body.ts";
import { errorOf, post } from "../services/support.ts";
import { echo, GET_USER, hosted } from "./host.ts";

const fetch = hosted(echo, { readMaxBytes: 1_000 });

it("discards the rest of a body that is too large, so that the caller receives the response", async () => {
  let pulled = 0;
  const slices = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(10_000));
      if (++pulled === 20) controller.close();
    },
  });
  expect(await errorOf(await fetch(post(GET_USER, "application/proto", slices)))).toMatchObject({ code: "resource_exhausted" });
  expect(pulled).toBe(20);
});

const request = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request("http://x/", { method: "POST", body, headers });
const sliced = (...sizes: number[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = sizes.shift();
      if (size === undefined) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(size));
    },
  });

describe("readBody", () => {
  it("reads a body of the largest size, with and without Content-Length, in one piece or several", async () => {
    expect((await readBody(request(new Uint8Array(10), { "content-length": "10" }), 10)).byteLength).toBe(10);
    expect([...(await readBody(request(sliced(2, 3)), 5))]).toEqual([2, 2, 3, 3, 3]);
    expect((await readBody(request(null), 0)).byteLength).toBe(0);
  });

  it("throws resource_exhausted for one byte more", async () => {
    for (const body of [request(new Uint8Array(11)), request(sliced(2, 9))]) {
      await expect(readBody(body, 10)).rejects.toMatchObject({
        code: Code.ResourceExhausted,
        rawMessage: "message is larger than 10 bytes",
      });
    }
  });

  it("throws canceled where the caller hangs up", async () => {
    const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("gone")) });
    await expect(readBody(request(broken), 10)).rejects.toMatchObject({ code: Code.Canceled });
  });
});

describe("drain", () => {
  it("cancels a body that is larger than a megabyte instead of reading it", async () => {
    let canceled = false;
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(100_000));
        },
        cancel() {
          canceled = true;
        },
      },
      { highWaterMark: 0 },
    );
    await drain(endless.getReader());
    expect([canceled, pulled]).toEqual([true, 11]);
  });

  it("returns where the caller has hung up, or where there is no body", async () => {
    await drain(new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("gone")) }).getReader());
    await drain(undefined);
  });
});

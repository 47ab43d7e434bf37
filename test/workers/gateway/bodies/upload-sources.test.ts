// Sources of an upload: measured bytes, and measured messages in envelopes.

import { describe, expect, it } from "vitest";
import { UNFINISHED_MESSAGE } from "../../../../core/protocol/unfinished-message.ts";
import { Rejected } from "../../../../core/rejection.ts";
import type { BodyReader } from "../../../../workers/gateway/bodies/body-reader.ts";
import type { UploadSource } from "../../../../workers/gateway/bodies/upload.ts";
import { byteSource, envelopeSource } from "../../../../workers/gateway/bodies/upload-sources.ts";
import { readerOf } from "../../../support/body-reader.ts";

function bodyOf(...chunks: Uint8Array[]): BodyReader {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return readerOf(stream).reader;
}

async function sizes(source: UploadSource): Promise<number[]> {
  const found: number[] = [];
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) found.push(chunk.length);
  return found;
}

const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error instanceof Rejected ? error.rejection.kind : String(error)),
  );

it("passes bytes up to the limit, and no byte above it", async () => {
  expect(await sizes(byteSource(bodyOf(new Uint8Array(60), new Uint8Array(40)), 100))).toEqual([60, 40]);
  expect(await kindOf(sizes(byteSource(bodyOf(new Uint8Array(60), new Uint8Array(41)), 100)))).toBe("body_too_large");
});

describe("envelopes", () => {
  const message = new Uint8Array([0, 0, 0, 0, 3, 1, 2, 3]);

  it("pass in chunks of any size", async () => {
    const cut = [message.subarray(0, 3), message.subarray(3, 6), message.subarray(6), message];
    const passed = await sizes(envelopeSource(bodyOf(...cut), 3, undefined, 1_000));
    expect(passed.reduce((sum, size) => sum + size, 0)).toBe(16);
  });

  it("are refused where a message is above the limit, or cut short", async () => {
    expect(await kindOf(sizes(envelopeSource(bodyOf(message), 2, undefined, 1_000)))).toBe("body_too_large");
    expect(await kindOf(sizes(envelopeSource(bodyOf(message.subarray(0, 7)), 3, undefined, 1_000)))).toBe("invalid_request");
  });

  it("leave the body within a message where it has to break off between two", async () => {
    const source = envelopeSource(bodyOf(message, message.subarray(0, 6)), 3, undefined, 1_000);
    expect(source.unfinishedMessage()).toBe(UNFINISHED_MESSAGE);
    await source.next();
    expect(source.unfinishedMessage()).toBe(UNFINISHED_MESSAGE);
  });
});

describe("memory of a stream", () => {
  const compressed = (length: number) => new Uint8Array([1, 0, 0, length >> 8, length & 255, ...new Uint8Array(length)]);

  it("is what is held back of a compressed message, and is given back at the end and when reading stops", async () => {
    const body = compressed(30_000);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < body.length; at += 3_000) controller.enqueue(body.subarray(at, at + 3_000));
        controller.close();
      },
    });
    const { reader, memory } = readerOf(stream);
    let most = 0;
    const check = (): void => {
      most = Math.max(most, memory.heldBytes(Date.now()));
    };
    const source = envelopeSource(reader, 30_000, check, 1_000);
    await sizes(source);
    expect(most).toBeGreaterThanOrEqual(30_000);
    expect(most).toBeLessThanOrEqual(60_000);
    source.stop();
    expect(memory.heldBytes(Date.now())).toBe(0);
  });
});

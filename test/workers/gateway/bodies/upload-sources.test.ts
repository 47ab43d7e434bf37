// Sources of an upload: measured bytes, and measured messages in envelopes.
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { UNFINISHED_MESSAGE, type UploadSource } from "../../../../workers/gateway/bodies/upload.ts";
import { BodyReader, byteSource, envelopeSource } from "../../../../workers/gateway/bodies/upload-sources.ts";

function bodyOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
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
    const passed = await sizes(envelopeSource(bodyOf(...cut), 3, undefined));
    expect(passed.reduce((sum, size) => sum + size, 0)).toBe(16);
  });

  it("are refused where a message is above the limit, or cut short", async () => {
    expect(await kindOf(sizes(envelopeSource(bodyOf(message), 2, undefined)))).toBe("body_too_large");
    expect(await kindOf(sizes(envelopeSource(bodyOf(message.subarray(0, 7)), 3, undefined)))).toBe("invalid_request");
  });

  it("leave the body within a message where it has to break off between two", async () => {
    const source = envelopeSource(bodyOf(message, message.subarray(0, 6)), 3, undefined);
    expect(source.unfinishedMessage()).toBe(UNFINISHED_MESSAGE);
    await source.next();
    expect(source.unfinishedMessage()).toBe(UNFINISHED_MESSAGE);
  });
});

it("takes a connection that ends within the body for a caller that hung up, and keeps a refusal", async () => {
  const failing = (error: unknown) => new BodyReader(new ReadableStream({ start: (controller) => controller.error(error) }));
  expect(await kindOf(failing(new Error("reset")).read())).toBe("caller_gone");
  expect(await kindOf(failing(new Rejected({ kind: "body_too_large", maxBytes: 1 })).read())).toBe("body_too_large");
});

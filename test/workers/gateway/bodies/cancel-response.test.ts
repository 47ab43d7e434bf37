// A response that the gateway ends is canceled after its request has been broken off.
import { expect, it } from "vitest";
import { cancelResponse } from "../../../../workers/gateway/bodies/cancel-response.ts";

function open() {
  const seen = { isCanceled: false };
  const cancel = (): void => {
    seen.isCanceled = true;
  };
  return { seen, reader: new ReadableStream<Uint8Array>({ cancel }).getReader() };
}

it.each([
  ["has no request that is being sent", undefined],
  ["has sent its request", { failure: undefined, isOver: true, awaitsCaller: false, signal: new AbortController().signal }],
  ["was aborted", { failure: undefined, isOver: false, awaitsCaller: false, signal: AbortSignal.abort() }],
])("is canceled at once where the call %s", (_, upload) => {
  const { seen, reader } = open();
  cancelResponse(reader, upload);
  expect(seen.isCanceled).toBe(true);
});

it("is canceled when the request has been broken off, where it is still being sent", () => {
  const { seen, reader } = open();
  const fetching = new AbortController();
  cancelResponse(reader, { failure: undefined, isOver: false, awaitsCaller: true, signal: fetching.signal });
  expect(seen.isCanceled).toBe(false);
  fetching.abort();
  expect(seen.isCanceled).toBe(true);
});

it("makes no noise where the stream has failed", async () => {
  const reader = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("lost")) }).getReader();
  reader.closed.catch(() => undefined);
  cancelResponse(reader, undefined);
  await expect(reader.read()).rejects.toThrow("lost");
});

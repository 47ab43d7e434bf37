// Uploads: bodies that are sent while they are made, and what happens where they break off.

import { expect, it } from "vitest";
import { UNFINISHED_MESSAGE } from "../../../../core/protocol/unfinished-message.ts";
import { Upload, type UploadSource } from "../../../../workers/gateway/bodies/upload.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** A source of chunks; an error among them is thrown. */
function sourceOf(chunks: readonly (Uint8Array | Error)[], unfinished: Uint8Array | undefined = undefined) {
  let at = 0;
  let isStopped = false;
  const source: UploadSource = {
    next: () => {
      const chunk = chunks[at++];
      return chunk instanceof Error ? Promise.reject(chunk) : Promise.resolve(chunk);
    },
    unfinishedMessage: () => unfinished,
    touch: () => undefined,
    stop: () => {
      isStopped = true;
    },
  };
  return { source, isStopped: () => isStopped };
}

it("sends all of its source, and ends with it", async () => {
  const upload = new Upload(sourceOf([bytes(1, 2), bytes(3)]).source, null);
  expect(new Uint8Array(await new Response(upload.body).arrayBuffer())).toEqual(bytes(1, 2, 3));
  expect([upload.failure, upload.signal.aborted]).toEqual([undefined, false]);
});

it("breaks off with the error of its source: the fetch is aborted, and the body left within a message", async () => {
  const fault = new Error("too large");
  const { source, isStopped } = sourceOf([bytes(1), fault], UNFINISHED_MESSAGE);
  const upload = new Upload(source, null);
  let reported: unknown;
  upload.onFailure = (failure) => {
    reported = failure;
  };
  const reader = upload.body.getReader();
  expect((await reader.read()).value).toEqual(bytes(1));
  expect((await reader.read()).value).toEqual(UNFINISHED_MESSAGE);
  await expect(reader.read()).rejects.toThrow("too large");
  expect([upload.failure, reported, upload.signal.aborted, isStopped()]).toEqual([fault, fault, true, true]);
});

it("breaks off with the signal of its call", async () => {
  const call = new AbortController();
  const { source, isStopped } = sourceOf([]);
  const upload = new Upload(source, call.signal);
  call.abort(new Error("late"));
  await expect(new Response(upload.body).arrayBuffer()).rejects.toThrow("late");
  expect([String(upload.failure), upload.signal.aborted, isStopped()]).toEqual(["Error: late", true, true]);
});

it("stops without a failure where the response has ended", () => {
  const { source, isStopped } = sourceOf([bytes(1)]);
  const upload = new Upload(source, null);
  upload.close();
  expect([upload.failure, upload.signal.aborted, isStopped()]).toEqual([undefined, true, true]);
});

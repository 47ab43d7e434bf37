// Responses whose request is still being sent: they end together, each with the other's failure.
import { expect, it } from "vitest";
import { Upload, type UploadSource } from "../../../../workers/gateway/bodies/upload.ts";
import { bindToUpload } from "../../../../workers/gateway/bodies/upload-response.ts";

/** An upload that waits for its source forever. */
function openUpload(): Upload {
  const source: UploadSource = {
    next: () => new Promise(() => undefined),
    unfinishedMessage: () => undefined,
    touch: () => undefined,
    stop: () => undefined,
  };
  return new Upload(source, null);
}

const streamOf = (...chunks: string[]): ReadableStream<Uint8Array> => new Blob(chunks).stream();
const waiting = (): ReadableStream<Uint8Array> => new ReadableStream({ pull: () => new Promise(() => undefined) });

it("passes the response, and stops the request with its end", async () => {
  const upload = openUpload();
  expect(await new Response(bindToUpload(streamOf("all"), upload)).text()).toBe("all");
  expect([upload.failure, upload.signal.aborted]).toEqual([undefined, true]);
});

it("breaks off with the failure of the request, or ends with the bytes of the ending", async () => {
  const upload = openUpload();
  const broken = new Response(bindToUpload(waiting(), upload)).text();
  await upload.fail(new Error("too large"));
  await expect(broken).rejects.toThrow("too large");

  const other = openUpload();
  const ending = { observe: () => undefined, lastBytes: (failure: unknown) => new TextEncoder().encode(String(failure)) };
  const ended = new Response(bindToUpload(waiting(), other, ending)).text();
  await other.fail(new Error("late"));
  expect(await ended).toBe("Error: late");
});

it("breaks the request off where the caller cancels the response", async () => {
  const upload = openUpload();
  await bindToUpload(waiting(), upload).cancel();
  expect(upload.failure).toMatchObject({ rejection: { kind: "caller_gone" } });
  expect(upload.signal.aborted).toBe(true);
});

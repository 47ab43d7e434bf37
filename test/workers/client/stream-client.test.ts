// Streams of requests that break off, and responses whose call is aborted; over sockets in test/e2e/chat.
import type { UniversalClientRequest } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { type StreamRequest, streamClient } from "../../../workers/client/stream-client.ts";

const STREAM = { "content-type": "application/connect+proto" };
const ENVELOPE = new Uint8Array([0, 0, 0, 0, 1, 7]);

function callOf(body: AsyncIterable<Uint8Array>, signal?: AbortSignal, headers: Record<string, string> = STREAM): UniversalClientRequest {
  const call = { url: "http://service/a.B/C", method: "POST", header: new Headers(headers), body };
  return signal === undefined ? call : { ...call, signal };
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<{ readonly bytes: number[]; readonly error: unknown }> {
  const bytes: number[] = [];
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) bytes.push(...read.value);
    return { bytes, error: undefined };
  } catch (error) {
    return { bytes, error };
  }
}

const nothing = (): Promise<Response> => Promise.resolve(new Response(new ReadableStream(), { headers: STREAM }));

it("sends the messages as they are made, none ahead, and their end", async () => {
  let made = 0;
  async function* messages() {
    for (; made < 3; made++) yield ENVELOPE;
  }
  let sent: StreamRequest | undefined;
  await streamClient(false, (request) => {
    sent = request;
    return nothing();
  })(callOf(messages()));
  expect(made).toBe(0);
  expect(await bytesOf(sent!.body as ReadableStream<Uint8Array>)).toEqual({
    bytes: [...ENVELOPE, ...ENVELOPE, ...ENVELOPE],
    error: undefined,
  });
});

it("leaves a stream within a message where making the next one fails, and aborts the request then", async () => {
  async function* messages() {
    yield ENVELOPE;
    throw new Error("nothing more");
  }
  let sent: StreamRequest | undefined;
  await streamClient(false, (request) => {
    sent = request;
    return nothing();
  })(callOf(messages()));
  const { bytes, error } = await bytesOf(sent!.body as ReadableStream<Uint8Array>);
  expect(bytes).toEqual([...ENVELOPE, 0, 0, 0, 0, 2, 0]);
  expect(String(error)).toContain("nothing more");
  expect(sent!.signal?.aborted).toBe(true);
});

it("leaves a stream within a message where the call is aborted, and ends the wait for its response", async () => {
  const call = new AbortController();
  async function* messages() {
    yield ENVELOPE;
    await new Promise(() => undefined);
  }
  let sent: Promise<{ bytes: number[] }> | undefined;
  let isCanceled = false;
  const cancel = (): void => {
    isCanceled = true;
  };
  const { body } = await streamClient(false, (request) => {
    sent = bytesOf(request.body as ReadableStream<Uint8Array>);
    return Promise.resolve(new Response(new ReadableStream({ cancel }), { headers: STREAM }));
  })(callOf(messages(), call.signal));
  const next = body[Symbol.asyncIterator]().next();
  next.catch(() => undefined);
  call.abort(new Error("hung up"));
  await expect(next).rejects.toThrow("hung up");
  expect((await sent!).bytes).toEqual([...ENVELOPE, 0, 0, 0, 0, 2, 0]);
  await expect.poll(() => isCanceled).toBe(true);
});

it("sends a single message from memory", async () => {
  async function* message() {
    yield ENVELOPE;
  }
  let sent: StreamRequest | undefined;
  const response = await streamClient(true, (request) => {
    sent = request;
    return Promise.resolve(new Response("{}"));
  })(callOf(message()));
  expect([response.status, sent?.body, sent?.sent]).toEqual([200, ENVELOPE, undefined]);
});

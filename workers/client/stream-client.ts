// The HTTP client of the transport: as that of connect-es, but a stream that breaks off is never taken for a whole one, and an aborted one ends.
//
// When the stream of a request body fails, or its fetch is aborted after the head of the response has arrived, workerd ends the body with a
// normal last chunk (measured with workerd 1.20261102.1). So a stream that breaks off first ends within a message. Over a service
// binding, an abort does not end the wait for the next bytes of a response; here it does.
import type { UniversalClientFn, UniversalClientRequest } from "@connectrpc/connect/protocol";
import { UNFINISHED_FLUSH_MS, UNFINISHED_MESSAGE } from "../../core/protocol/unfinished-message.ts";
import { wholeBody } from "./request-body.ts";

/** A request that starts a stream. */
export interface StreamRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal | undefined;
  readonly sent: SentStream | undefined; // undefined where the body has one message, and is in memory
}

/**
 * @param isOneMessage of the request: its body is sent from memory
 * @param send         sends a request; it is the `fetch` of a service binding or of the platform
 */
export function streamClient(isOneMessage: boolean, send: (request: StreamRequest) => Promise<Response>): UniversalClientFn {
  return async (call) => {
    const { url, method, header: headers, body } = call;
    const sent = isOneMessage ? undefined : new SentStream(call);
    const bytes = sent === undefined ? await wholeBody(body ?? nothing()) : undefined;
    const response = await send({ url, method, headers, body: sent?.body ?? bytes!, signal: sent?.signal ?? call.signal, sent });
    return { status: response.status, header: response.headers, trailer: new Headers(), body: received(response.body, call, sent) };
  };
}

/** The request body of a call: envelopes, made while they are read. */
export class SentStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly signal: AbortSignal; // ends the fetch
  failure: unknown; // set when the caller's messages break off; undefined before
  awaitsCaller = false; // the caller has not made the next message
  /** Resolves when the fetch has been aborted; undefined while nothing aborts it. */
  aborted: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #isOver = false; // ended, broken off, or no longer read

  constructor({ body = nothing(), signal }: UniversalClientRequest) {
    this.signal = this.#stop.signal;
    const iterator = body[Symbol.asyncIterator]();
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
    this.body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          stream = controller;
        },
        pull: async (controller) => {
          this.awaitsCaller = true;
          try {
            const { done, value } = await iterator.next();
            if (this.#isOver) return;
            if (done !== true) return controller.enqueue(value);
            this.#isOver = true;
            controller.close();
          } catch (error) {
            this.failure = error;
            await this.#breakOff(controller, error);
          } finally {
            this.awaitsCaller = false;
          }
        },
        cancel: () => {
          this.#isOver = true;
          iterator.return?.().catch(() => undefined);
        },
      },
      { highWaterMark: 0 }, // nothing is made before it is sent
    );
    const follow = (): void => void this.#breakOff(stream!, signal?.reason);
    if (signal?.aborted === true) follow();
    else signal?.addEventListener("abort", follow, { once: true });
  }

  /** Ends the fetch, once. A body that has not ended ends within a message. */
  #breakOff(stream: ReadableStreamDefaultController<Uint8Array>, reason: unknown): Promise<void> {
    this.aborted ??= this.#isOver ? Promise.resolve(this.#stop.abort(reason)) : this.#leaveUnfinished(stream, reason);
    return this.aborted;
  }

  async #leaveUnfinished(stream: ReadableStreamDefaultController<Uint8Array>, reason: unknown): Promise<void> {
    this.#isOver = true;
    stream.enqueue(UNFINISHED_MESSAGE);
    await new Promise((resolve) => setTimeout(resolve, UNFINISHED_FLUSH_MS));
    this.#stop.abort(reason);
    try {
      stream.error(reason);
    } catch {
      // The runtime has canceled the stream when the fetch was aborted.
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The response, chunk by chunk; an abort ends it, whatever the platform waits for. */
function received(
  body: ReadableStream<Uint8Array> | null,
  { signal }: UniversalClientRequest,
  sent: SentStream | undefined,
): AsyncIterable<Uint8Array> {
  const reader = body?.getReader();
  let fail: ((reason: unknown) => void) | undefined; // rejects the read that waits
  signal?.addEventListener(
    "abort",
    () => {
      fail?.(signal.reason);
      // The service sees first that its request broke off, then that its response is no longer read.
      void Promise.resolve(sent?.aborted)
        .then(() => reader?.cancel(signal.reason))
        .catch(() => undefined);
    },
    { once: true },
  );
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      if (reader === undefined) return resolve({ done: true, value: undefined });
      fail = reject;
      if (signal?.aborted === true) return reject(signal.reason);
      reader.read().then(({ done, value }) => resolve(done ? { done, value: undefined } : { done, value }), reject);
    });
  const end = async (reason: unknown): Promise<IteratorResult<Uint8Array>> => {
    await reader?.cancel(reason).catch(() => undefined);
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, throw: end }) };
}

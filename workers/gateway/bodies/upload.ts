// A request body that is sent while it is made. An error in it breaks the call off.
//
// When the stream of a request body fails, or its fetch is aborted after the head of the response has arrived, workerd ends the body with a
// normal last chunk (measured with workerd 1.20261023.1), and the upstream takes a part of it for the whole. Two things prevent that: the
// fetch is aborted before the stream fails, and a body of envelopes is first left within a message whose end never comes.

import { waitUntil } from "cloudflare:workers";
import { UNFINISHED_FLUSH_MS } from "../../../core/protocol/unfinished-message.ts";

/** Where the bytes of an upload come from. */
export interface UploadSource {
  /**
   * @returns the next bytes; undefined at the end of the body
   * @throws what is wrong with the body
   */
  next(): Promise<Uint8Array | undefined>;
  /** Bytes that leave the body within a message; undefined where it is within one already, or has no messages. */
  unfinishedMessage(): Uint8Array | undefined;
  /** The response goes on: the caller may be silent for longer. */
  touch(): void;
  /** Stops reading. The rest of the caller's request stays readable. */
  stop(): void;
}

export class Upload {
  readonly body: ReadableStream<Uint8Array>;
  readonly signal: AbortSignal; // ends the call's fetch
  /** Why the body broke off; undefined while it has not. Never a fault of the upstream. */
  failure: unknown;
  /** Called once, when the body breaks off; `aborted` resolves when the fetch has been aborted. */
  onFailure: ((failure: unknown, aborted: Promise<void>) => void) | undefined;

  /** Whether the caller is waited for. An upload that breaks off then says nothing about the upstream. */
  awaitsCaller = false;

  readonly #chunks: UploadSource;
  readonly #stop = new AbortController();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isOver = false; // ended, broken off, or no longer needed

  /** @param signal ends the call, and breaks the body off */
  constructor(chunks: UploadSource, signal: AbortSignal | null) {
    this.#chunks = chunks;
    this.signal = this.#stop.signal;
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      this.#controller = controller;
    };
    this.body = new ReadableStream<Uint8Array>(
      { start, pull: () => this.#pull(), cancel: () => this.#leave() },
      { highWaterMark: 0 }, // nothing is read ahead
    );
    const follow = (): void => void (this.#isOver ? this.#stop.abort(signal?.reason) : this.fail(signal?.reason));
    if (signal?.aborted === true) follow();
    else signal?.addEventListener("abort", follow, { once: true });
  }

  /** Whether nothing more of the body is sent: it has ended, or broken off. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Breaks the body off, once; resolves when the fetch has been aborted. */
  async fail(failure: unknown): Promise<void> {
    if (this.#isOver) return;
    this.failure = failure;
    const aborted = this.#breakOff(failure);
    this.onFailure?.(failure, aborted);
    await aborted;
  }

  /** A part of the response has been read. */
  touch(): void {
    if (!this.#isOver) this.#chunks.touch();
  }

  /** The upstream has responded in full: the rest of the body is not sent. */
  close(): void {
    if (!this.#isOver) waitUntil(this.#breakOff(new Error("the response has ended before the request")));
  }

  async #pull(): Promise<void> {
    try {
      this.awaitsCaller = true;
      const chunk = await this.#chunks.next();
      if (this.#isOver) return;
      this.awaitsCaller = false;
      if (chunk !== undefined) return this.#controller?.enqueue(chunk);
      this.#isOver = true;
      this.#chunks.stop();
      this.#controller?.close();
    } catch (error) {
      await this.fail(error);
    }
  }

  #leave(): void {
    if (!this.#isOver) this.#chunks.stop();
    this.#isOver = true;
  }

  async #breakOff(reason: unknown): Promise<void> {
    this.#leave();
    const unfinished = this.#chunks.unfinishedMessage();
    if (unfinished !== undefined) {
      this.#controller?.enqueue(unfinished);
      await scheduler.wait(UNFINISHED_FLUSH_MS);
    }
    this.#stop.abort(reason);
    try {
      this.#controller?.error(reason);
    } catch {
      // The runtime has canceled the stream when the fetch was aborted.
    }
  }
}

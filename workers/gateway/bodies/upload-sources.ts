// Sources of an upload: the bytes of a caller's request, measured as they pass, in total or message by message.
import { EnvelopeFilter } from "../../../core/protocol/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import { UNFINISHED_MESSAGE, type UploadSource } from "./upload.ts";

type Body = ReadableStream<Uint8Array>;

/** Reads a caller's body. @throws Rejected where the caller's connection ends within it */
export class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: Body) {
    this.#reader = body.getReader();
  }

  /** @returns undefined at the end */
  async read(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#reader.read().catch((error: unknown) => {
      // The stream of a converted body fails with a Rejected of its own.
      throw error instanceof Rejected ? error : new Rejected({ kind: "caller_gone" });
    });
    return done ? undefined : value;
  }

  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined);
  }

  stop(): void {
    try {
      this.#reader.releaseLock(); // the rest stays readable, so that the caller can read the refusal
    } catch {
      // A read is in progress, and the runtime keeps the lock for it.
    }
  }
}

/** A body without messages. Once the upstream has begun to respond, a body that is too large can no longer be refused cleanly. */
export function byteSource(body: Body, maxBytes: number): UploadSource {
  const reader = new BodyReader(body);
  let size = 0;
  return {
    async next() {
      const chunk = await reader.read();
      size += chunk?.byteLength ?? 0;
      if (size > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
      return chunk;
    },
    unfinishedMessage: () => undefined,
    stop: () => reader.stop(),
  };
}

/**
 * A body of envelopes.
 *
 * @param maxBytes largest message, bytes, as sent and decompressed
 * @param check    throws what is wrong with a compressed message; undefined where none can be compressed
 */
export function envelopeSource(body: Body, maxBytes: number, check: ((message: Uint8Array) => void) | undefined): UploadSource {
  const reader = new BodyReader(body);
  const gate = new EnvelopeFilter(maxBytes, check);
  let isBetween = true; // the upstream has read up to the end of a message
  return {
    async next() {
      for (;;) {
        const chunk = await reader.read();
        if (chunk === undefined) gate.end();
        const passed = chunk === undefined ? undefined : gate.pass(chunk);
        isBetween = gate.isBetweenMessages();
        if (passed?.byteLength !== 0) return passed;
      }
    },
    unfinishedMessage: () => (isBetween ? UNFINISHED_MESSAGE : undefined),
    stop: () => reader.stop(),
  };
}

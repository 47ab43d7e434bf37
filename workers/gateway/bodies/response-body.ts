// Bodies of responses: read into memory within a bound, or passed on while bytes are counted.
import { ByteCollector } from "../../../core/bytes.ts";
import { byteReader, chunkReader } from "./chunk-reader.ts";

type Body = ReadableStream<Uint8Array>;

/** What was read of a body that is larger than the bound, and the rest of it. */
export interface LargeBody {
  readonly kind: "large";
  readonly head: readonly Uint8Array[];
  readonly rest: Body;
}

export type BodyRead = { readonly kind: "whole"; readonly body: Uint8Array<ArrayBuffer> } | LargeBody;

const SMALL_BYTES = 4_096;

/**
 * Reads a body into memory unless it is larger than `maxBytes`. At most one chunk more is read.
 *
 * @param reserve  reserves memory for what has been read so far; if it throws, the body is not read on
 * @param declared length that the sender declares, which nothing has to enforce: it only sizes the first buffer
 */
export async function readBody(
  body: Body | null,
  maxBytes: number,
  reserve?: (bytes: number) => void,
  declared = SMALL_BYTES,
): Promise<BodyRead> {
  if (body === null) return { kind: "whole", body: new Uint8Array() };
  const bytes = byteReader(body);
  if (bytes === undefined) return readOn(body, new ByteCollector(), maxBytes, reserve);
  // One byte more than the body has: its end is found with its last byte, so that most bodies need one read.
  const expected = Math.min(declared, SMALL_BYTES);
  const { value } = await bytes.readAtLeast(expected + 1, new Uint8Array(expected + 1));
  const size = value?.byteLength ?? 0;
  if (size <= expected && size <= maxBytes) return { kind: "whole", body: value ?? new Uint8Array() };
  bytes.releaseLock();
  if (size > maxBytes) return { kind: "large", head: [value!], rest: body };
  const collected = new ByteCollector();
  collected.add(value!);
  return readOn(body, collected, maxBytes, reserve);
}

async function readOn(
  body: Body,
  collected: ByteCollector,
  maxBytes: number,
  reserve: ((bytes: number) => void) | undefined,
): Promise<BodyRead> {
  const reader = chunkReader(body, true);
  for (;;) {
    const chunk = await reader.read();
    if (chunk === undefined) return { kind: "whole", body: collected.take() };
    try {
      if (collected.size + chunk.byteLength <= maxBytes) reserve?.(collected.bytesWith(chunk.byteLength));
    } catch (error) {
      await reader.cancel(error).catch(() => undefined);
      throw error;
    }
    collected.add(chunk);
    if (collected.size <= maxBytes) continue;
    reader.releaseLock();
    return { kind: "large", head: [collected.take()], rest: body };
  }
}

/** Watches a body that passes. Both return the error that its reader gets. */
export interface PassingBody {
  readonly maxBytes: number; // Infinity for no bound
  tooLarge(): unknown;
  /** @param waitedMs time that the reader of the body has waited for its sender in all */
  failed(error: unknown, waitedMs: number): unknown;
}

const UNWATCHED: PassingBody = { maxBytes: Number.POSITIVE_INFINITY, tooLarge: () => undefined, failed: (error) => error };

/** A stream of what was read of a body, and then of the rest. Nothing is read ahead. */
export function passOn({ head, rest }: LargeBody, { maxBytes, tooLarge, failed }: PassingBody = UNWATCHED): Body {
  const chunks = [...head];
  const reader = chunkReader(rest);
  let size = 0;
  let waitedMs = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const startedAt = Date.now();
        let chunk: Uint8Array | undefined;
        try {
          chunk = chunks.shift() ?? (await reader.read());
        } catch (error) {
          return breakOff(controller, failed(error, waitedMs + Date.now() - startedAt));
        }
        waitedMs += Date.now() - startedAt;
        if (chunk === undefined) return controller.close();
        size += chunk.byteLength;
        if (size <= maxBytes) return controller.enqueue(chunk);
        breakOff(controller, tooLarge());
        await reader.cancel(undefined).catch(() => undefined);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Ends a response that cannot end properly: its connection breaks, so that no caller takes a part for the whole. By `retryable` the runtime
 * takes the error for a lost connection; it reports any other error of a body as an uncaught exception.
 */
export function breakOff(controller: ReadableStreamDefaultController<Uint8Array>, error: unknown): void {
  const isPlain = error instanceof Error && !(error instanceof DOMException); // a DOMException keeps its own meaning
  controller.error(Object.assign(isPlain ? error : new Error(String(error)), { retryable: true }));
}

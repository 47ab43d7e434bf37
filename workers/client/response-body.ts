// The body of a response: read whole within a bound, or passed on while it arrives.

/** A body that was read, or its beginning and the rest where it is larger than the bound. */
export interface ReadBody {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  readonly rest: ReadableStreamDefaultReader<Uint8Array> | undefined;
}

/** @param maxBytes from which on nothing more is read @throws what breaks the body off */
export async function readBody(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (body === null) return { chunks, bytes, rest: undefined };
  const reader = body.getReader();
  while (bytes <= maxBytes) {
    const { done, value } = await reader.read();
    if (done) return { chunks, bytes, rest: undefined };
    chunks.push(value);
    bytes += value.byteLength;
  }
  return { chunks, bytes, rest: reader };
}

export async function* chunksOf(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

const SMALL_BYTES = 65_536;

/** Of workerd: reads until the view has `minBytes`, or the body has ended. */
type AtLeastReader = ReadableStreamBYOBReader & {
  readAtLeast?(minBytes: number, view: Uint8Array<ArrayBuffer>): Promise<{ readonly value?: Uint8Array<ArrayBuffer> }>;
};

/**
 * The body of a response. Where it declares a small length, it is read here: the runtime does in one step what takes several of a reader. A
 * body that is longer than declared is passed on as it is.
 *
 * @throws what breaks the body off
 */
export async function smallBody({ body, headers }: Response): Promise<AsyncIterable<Uint8Array>> {
  const declared = Number(headers.get("content-length") ?? Number.NaN);
  const isSmall = Number.isInteger(declared) && declared >= 0 && declared <= SMALL_BYTES; // a Worker can write anything into the header
  if (body === null || !isSmall) return iterate(body?.getReader());
  const reader = byteReader(body);
  if (reader?.readAtLeast === undefined) {
    reader?.releaseLock();
    return iterate(body.getReader());
  }
  const { value = new Uint8Array() } = await reader.readAtLeast(declared + 1, new Uint8Array(declared + 1));
  if (value.byteLength <= declared) return chunksOf([value]);
  reader.releaseLock();
  return joined(value, iterate(body.getReader()));
}

/** @returns undefined for a body that a program writes: it has no such reader */
function byteReader(body: ReadableStream<Uint8Array>): AtLeastReader | undefined {
  try {
    return body.getReader({ mode: "byob" }) as AtLeastReader;
  } catch {
    return undefined;
  }
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield first;
  yield* rest;
}

/** Reading ends where its reader stops: the connection is given up then. */
export function iterate(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): AsyncIterable<Uint8Array> {
  const done = { done: true as const, value: undefined };
  const stop = async (reason?: unknown) => {
    await reader?.cancel(reason).catch(() => undefined); // it may be broken already
    return done;
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (reader === undefined) return done;
    const { done: isOver, value } = await reader.read();
    return isOver ? done : { done: false, value };
  };
  return { [Symbol.asyncIterator]: () => ({ next, throw: stop, return: () => stop() }) };
}

/** The same chunks. @param broke runs where they break off */
export function watched(chunks: AsyncIterable<Uint8Array>, broke: () => void): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await iterator.next();
    } catch (error) {
      broke();
      throw error;
    }
  };
  const stop = async (reason?: unknown): Promise<IteratorResult<Uint8Array>> =>
    (await (iterator.throw ?? iterator.return)?.call(iterator, reason)) ?? { done: true, value: undefined };
  return { [Symbol.asyncIterator]: () => ({ next, throw: stop, return: stop }) };
}

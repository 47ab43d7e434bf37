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

// The body of a request that is in memory, so that it can be sent again.

export async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  if (chunks.length === 1) return chunks[0] as Uint8Array<ArrayBuffer>; // not copied
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Runtimes but workerd have to be informed that the response may begin before the request has ended. */
export function duplex(body: unknown): object {
  return body instanceof ReadableStream ? { duplex: "half" } : {};
}

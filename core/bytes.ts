// Byte arrays.

/**
 * Copies several byte arrays into a new one.
 *
 * @param size bytes of all parts together, if the caller has counted them
 */
export function joinBytes(parts: readonly Uint8Array[], size = sizeOf(parts)): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.byteLength;
  return size;
}

/**
 * Collects chunks into one array. They are copied: a list of chunks can take many times their bytes, where each is a few bytes in a buffer
 * of its own.
 */
export class ByteCollector {
  #bytes: Uint8Array<ArrayBuffer>;
  #size = 0;

  /** @param expectedBytes where it is known: no byte is then copied twice */
  constructor(expectedBytes = 0) {
    this.#bytes = new Uint8Array(expectedBytes);
  }

  /** Bytes that were added. */
  get size(): number {
    return this.#size;
  }

  /** Memory that `add` needs for one more chunk, with what it has: at most twice its bytes. */
  bytesWith(chunkBytes: number): number {
    const size = this.#size + chunkBytes;
    const { byteLength } = this.#bytes;
    return size <= byteLength ? byteLength : Math.max(size, 2 * byteLength);
  }

  add(chunk: Uint8Array): void {
    const room = this.bytesWith(chunk.byteLength);
    if (room > this.#bytes.byteLength) {
      const grown = new Uint8Array(room);
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#size);
    this.#size += chunk.byteLength;
  }

  /** @returns what was added; the collector is empty then */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#size);
    this.#bytes = new Uint8Array();
    this.#size = 0;
    return taken;
  }
}

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

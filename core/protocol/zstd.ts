// Finds the frames of Zstandard data without decompressing it, and bounds the memory that a decoder needs for them.

/** The largest window that is accepted, bytes: the one that every decoder has to support. @see RFC 9659 */
export const MAX_WINDOW_BYTES = 8_388_608;

/** Frames of one message at most. Each frame costs a decoder, so a message with more of them is treated as an attack. */
export const MAX_FRAMES = 64;

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50; // the first of 16 magic numbers, up to 0x184d2a5f
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const RLE_BLOCK = 1;

/**
 * Splits data into its frames, so that each is decompressed and counted: some decoders stop after the first one.
 *
 * @returns frames with content, without skippable ones; undefined if the data is truncated or not Zstandard, if a frame needs a larger
 *   window than `MAX_WINDOW_BYTES`, or if there are more than `MAX_FRAMES`
 * @see RFC 8878, section 3.1
 */
export function zstdFrames(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + 8 > bytes.byteLength) return undefined; // every frame has a magic number and at least four more bytes
    const magic = view.getUint32(at, true);
    const isSkippable = (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
    const end = isSkippable ? at + 8 + view.getUint32(at + 4, true) : magic === MAGIC ? endOfFrame(view, at + 4) : undefined;
    if (end === undefined || end > bytes.byteLength) return undefined;
    if (!isSkippable && frames.push(bytes.subarray(at, end)) > MAX_FRAMES) return undefined;
    at = end;
  }
  return frames;
}

/** @param start where the frame header begins, after the magic number */
function endOfFrame(view: DataView, start: number): number | undefined {
  const descriptor = view.getUint8(start);
  const isSingleSegment = (descriptor & 0x20) !== 0; // the window is then the whole content, whose size is in the header
  if (!isSingleSegment && windowBytes(view.getUint8(start + 1)) > MAX_WINDOW_BYTES) return undefined;
  const sizeBytes = descriptor >> 6 === 0 ? (isSingleSegment ? 1 : 0) : 1 << (descriptor >> 6);
  let at = start + 1 + (isSingleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + sizeBytes;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > view.byteLength) return undefined;
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4); // a checksum follows
}

/** @see RFC 8878, section 3.1.1.1.2 */
function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

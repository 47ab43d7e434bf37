// A hash that spreads keys over shards and endpoints. It is not cryptographic.

/**
 * FNV-1a over the UTF-16 code units of `text`, with a final mix, so that similar keys get different hashes.
 *
 * @returns a whole number in [0, 2^32)
 * @see Fowler, Noll, Vo; MurmurHash3 fmix32
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

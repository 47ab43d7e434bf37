// Hashes that spread keys: over shards and endpoints, where all have to agree, and within an isolate, where nobody outside can aim.

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

/** Secret of a keyed hash: two whole numbers in [0, 2^32), random and known to one isolate only. */
export type HashSecret = readonly [number, number];

/**
 * HalfSipHash-2-4 over the UTF-16 code units of `text`, 53 bits of its 64. Without the secret nobody can find two texts of one hash faster
 * than by trying: about 2^26 texts.
 *
 * @returns a whole number in [0, 2^53)
 * @see Aumasson, Bernstein, "SipHash: a fast short-input PRF"; Linux, lib/siphash.c, hsiphash
 */
export function keyedHash(text: string, [k0, k1]: HashSecret): number {
  const v: SipState = { v0: k0, v1: k1 ^ 0xee, v2: k0 ^ 0x6c796765, v3: k1 ^ 0x74656462 };
  const even = text.length & ~1;
  for (let at = 0; at < even; at += 2) absorb(v, text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
  absorb(v, (text.length << 25) | (even < text.length ? text.charCodeAt(even) : 0));
  v.v2 ^= 0xee;
  for (let round = 0; round < 4; round++) mix(v);
  const low = (v.v1 ^ v.v3) >>> 0;
  v.v1 ^= 0xdd;
  for (let round = 0; round < 4; round++) mix(v);
  return ((v.v1 ^ v.v3) & 0x1fffff) * 2 ** 32 + low;
}

interface SipState {
  v0: number;
  v1: number;
  v2: number;
  v3: number;
}

function absorb(v: SipState, word: number): void {
  v.v3 ^= word;
  mix(v);
  mix(v);
  v.v0 ^= word;
}

function mix(v: SipState): void {
  v.v0 = (v.v0 + v.v1) | 0;
  v.v1 = rotated(v.v1, 5) ^ v.v0;
  v.v0 = rotated(v.v0, 16);
  v.v2 = (v.v2 + v.v3) | 0;
  v.v3 = rotated(v.v3, 8) ^ v.v2;
  v.v0 = (v.v0 + v.v3) | 0;
  v.v3 = rotated(v.v3, 7) ^ v.v0;
  v.v2 = (v.v2 + v.v1) | 0;
  v.v1 = rotated(v.v1, 13) ^ v.v2;
  v.v2 = rotated(v.v2, 16);
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

// SHA-256 and HMAC-SHA-256, synchronous: a call whose credential is cached must not wait, and the platform's digests are asynchronous.

const BLOCK_BYTES = 64;
const WORDS = 64; // words in the schedule of a block
/** The first 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, sections 4.2.2 and 5.3.3). */
const [INITIAL, ROUND] = constants();
/** One schedule for all digests: a digest is computed without a break, and an isolate has one thread. */
const SCHEDULE = new Int32Array(WORDS);

/** @returns the 32 bytes of the digest @see FIPS 180-4, section 6.2 */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return digestFrom(INITIAL, 0, bytes);
}

/** A key of HMAC-SHA-256, with the blocks of the key hashed already. */
export interface HmacKey {
  readonly inner: Int32Array;
  readonly outer: Int32Array;
}

/** @param secret of any length */
export function hmacKey(secret: Uint8Array): HmacKey {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(secret.length > BLOCK_BYTES ? sha256(secret) : secret);
  const stateAfter = (pad: number): Int32Array => {
    const state = Int32Array.from(INITIAL);
    compress(state, new DataView(block.map((byte) => byte ^ pad).buffer), 0);
    return state;
  };
  return { inner: stateAfter(0x36), outer: stateAfter(0x5c) };
}

/** @returns the 32 bytes of the MAC @see RFC 2104 */
export function hmacSha256({ inner, outer }: HmacKey, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return digestFrom(outer, BLOCK_BYTES, digestFrom(inner, BLOCK_BYTES, message));
}

/** Whether two byte arrays are equal. The time depends on their lengths alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}

/** @returns two digits for each byte, in lower case */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** @returns undefined where `text` is not written in pairs of hexadecimal digits of lower case */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** @param text of ASCII characters; of others the low eight bits of each code unit count */
export function asciiBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** @param start state after `startBytes` bytes, whole blocks, before `bytes` */
function digestFrom(start: Int32Array, startBytes: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  const total = startBytes + bytes.length;
  view.setUint32(padded.length - 8, Math.floor(total / 2 ** 29));
  view.setUint32(padded.length - 4, total << 3);
  const state = Int32Array.from(start);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) compress(state, view, at);
  const digest = new Uint8Array(32);
  const words = new DataView(digest.buffer);
  for (let word = 0; word < 8; word++) words.setInt32(4 * word, state[word]!);
  return digest;
}

function compress(state: Int32Array, view: DataView, at: number): void {
  const w = SCHEDULE;
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < WORDS; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w[i] = (w[i - 16]! + (rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3)) + w[i - 7]! + (rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10))) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < WORDS; i++) {
    const t1 = (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
    const t2 = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a; // a typed array keeps 32 bits
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function constants(): [Int32Array, Int32Array] {
  const roots: number[][] = [[], []];
  for (let n = 2; roots[1]!.length < WORDS; n++) {
    if (!isPrime(n)) continue;
    roots[0]!.push(fraction(Math.sqrt(n)));
    roots[1]!.push(fraction(Math.cbrt(n)));
  }
  return [Int32Array.from(roots[0]!.slice(0, 8)), Int32Array.from(roots[1]!)];
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
}

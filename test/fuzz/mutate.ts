// Mutations of bytes: small, random changes of entries of a corpus, the same for the same seed.

/** Values that often reveal errors in parsers: bounds of integers, separators, escapes, invalid UTF-8, control characters. */
const INTERESTING: readonly string[] = [
  "\0",
  "\n",
  "\r\n",
  "%",
  "%00",
  "%2f",
  "%2e%2e",
  "%zz",
  "..",
  "//",
  "\\",
  "{",
  "}",
  "[",
  "]",
  '"',
  '\\"',
  "\\u0000",
  "\\ud800",
  ",",
  ";",
  ":",
  "=",
  "&",
  "*",
  "**",
  "-",
  "-0",
  "0",
  "1e400",
  "2147483648",
  "-9223372036854775809",
  "18446744073709551616",
  "9007199254740993",
  "NaN",
  "null",
  "true",
  "__proto__",
  "constructor",
  "\xff",
  "\xc0\x80",
  "\xed\xa0\x80",
  "\xf4\x90\x80\x80",
  "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
  "\xff\xff\xff\xff",
  "\x00\x00\x00\x00",
];
const TOKENS = INTERESTING.map((text) => Buffer.from(text, "latin1"));

/** Longest mutated entry, bytes. */
export const MAX_BYTES = 8_192;

type Mutation = (bytes: Buffer, below: (limit: number) => number, other: Buffer) => Buffer;

const splice = (bytes: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(Math.min(bytes.length, at + removed))]);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, below) {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    copy[below(copy.length)]! ^= 1 << below(8);
    return copy;
  },
  function replaceByte(bytes, below) {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    copy[below(copy.length)] = below(256);
    return copy;
  },
  function insertToken(bytes, below) {
    return splice(bytes, below(bytes.length + 1), 0, TOKENS[below(TOKENS.length)]!);
  },
  function overwriteWithToken(bytes, below) {
    const token = TOKENS[below(TOKENS.length)]!;
    return splice(bytes, below(bytes.length + 1), token.length, token);
  },
  function removeRange(bytes, below) {
    return splice(bytes, below(bytes.length + 1), 1 + below(16), Buffer.alloc(0));
  },
  function repeatRange(bytes, below) {
    const at = below(bytes.length + 1);
    const range = bytes.subarray(at, at + 1 + below(16));
    return splice(bytes, at, 0, Buffer.concat(Array.from({ length: 1 + below(200) }, () => range)));
  },
  function truncate(bytes, below) {
    return bytes.subarray(0, below(bytes.length + 1));
  },
  function crossOver(bytes, below, other) {
    return Buffer.concat([bytes.subarray(0, below(bytes.length + 1)), other.subarray(below(other.length + 1))]);
  },
  function changeNumber(bytes, below) {
    const text = bytes.toString("latin1");
    const numbers = [...text.matchAll(/\d+/g)];
    const number = numbers[below(Math.max(1, numbers.length))];
    if (number === undefined) return bytes;
    const values = ["0", "-1", "1", "4294967295", "4294967296", "99999999999999999999", `${number[0]}${number[0]}`, `.${number[0]}`];
    return splice(bytes, number.index, number[0].length, Buffer.from(values[below(values.length)]!));
  },
];

/**
 * @param corpus valid and nearly valid entries, at least one
 * @param random numbers in [0, 1), from a seed
 * @returns an entry with one to eight mutations, at most `MAX_BYTES` long
 */
export function mutated(corpus: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = corpus[below(corpus.length)]!;
  for (let count = 1 + below(8); count > 0; count--) {
    const other = corpus[below(corpus.length)]!;
    bytes = MUTATIONS[below(MUTATIONS.length)]!(bytes, below, other).subarray(0, MAX_BYTES);
  }
  return bytes;
}

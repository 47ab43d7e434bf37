// Counts the elements of a JSON text before it is parsed, and how deep it nests: JSON.parse accepts millions of both.
import { type Excess, LIGHT_BYTES, MAX_DEPTH } from "./excess.ts";

const SHORT = 32; // bytes: the end of a longer string is found by the platform, which takes a tenth of the time per byte

const OTHER = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
const COMMA = 4;
const NONE = -LIGHT_BYTES;
const SPACE = 0x20; // and the other whitespace is below it
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of each byte outside strings. */
const KINDS = new Uint8Array(256);
for (const [text, kind] of [
  ['"', STRING],
  ["[{", OPEN],
  ["]}", CLOSE],
  [",", COMMA],
] as const)
  for (const character of text) KINDS[character.charCodeAt(0)] = kind;

/**
 * Whether a text has more than `maxElements` elements, the items of arrays and the members of objects, or nests deeper than 100 arrays and
 * objects. Arrays and objects of a few bytes, without others in them, count more than once (`LIGHT_BYTES`). A text that is no JSON gets any
 * result, and never throws: the parser refuses it.
 *
 * @param bytes UTF-8
 * @returns undefined for a text within both limits
 */
export function jsonExcess(bytes: Uint8Array, maxElements: number): Excess | undefined {
  const { byteLength } = bytes;
  let left = maxElements;
  let depth = 0;
  let innermost = NONE; // index after the last opening bracket, until something is closed
  for (let at = 0; at < byteLength; ) {
    switch (KINDS[bytes[at++]!]) {
      case OTHER:
        break;
      case STRING:
        at = endOfString(bytes, at) + 1;
        break;
      case COMMA:
        if (--left < 0) return "elements";
        break;
      case OPEN:
        if (++depth > MAX_DEPTH) return "depth";
        innermost = at;
        while (at < byteLength && bytes[at]! <= SPACE) at += 1;
        if (KINDS[bytes[at]!] !== CLOSE && --left < 0) return "elements";
        break;
      default:
        depth -= 1;
        if (at - innermost < LIGHT_BYTES && depth > 0) {
          left -= LIGHT_BYTES - (at - innermost);
          if (left < 0) return "elements";
        }
        innermost = NONE; // those around it are larger
    }
  }
  return undefined;
}

/** @returns the index of the closing quote; the length of the text where there is none */
function endOfString(bytes: Uint8Array, start: number): number {
  const { byteLength } = bytes;
  for (let at = start; ; ) {
    for (const end = Math.min(at + SHORT, byteLength); at < end; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) at += 1;
    }
    if (at >= byteLength) return byteLength;
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return byteLength;
    let backslashes = 0;
    while (quote - backslashes > at && bytes[quote - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

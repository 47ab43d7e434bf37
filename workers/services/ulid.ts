// Ids that sort by the time they were given: a prefix that tells of what, and a ULID in lower case.
// @see github.com/ulid/spec

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: without i, l, o and u
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/**
 * A ULID that sorts after the one before it, also within a millisecond and when the clock steps back.
 *
 * @param now    epoch ms, in [0, 2^48)
 * @param random 16 bytes, of which 5 bits each are used
 * @param before the last one given, or undefined for the first
 */
export function ulid(now: number, random: Uint8Array, before?: string): string {
  const time = digitsOf(now);
  if (before !== undefined && time <= before.slice(0, TIME_DIGITS)) return successor(before);
  let id = time;
  for (let at = 0; at < RANDOM_DIGITS; at++) id += DIGITS[random[at]! % DIGITS.length];
  return id;
}

/** An id for a thing of its kind, `usr_01arz3ndektsv4rrffq69g5fav`. */
export function newId(prefix: string, now: number, before: string | undefined): string {
  return `${prefix}_${ulid(now, crypto.getRandomValues(new Uint8Array(RANDOM_DIGITS)), before?.slice(prefix.length + 1))}`;
}

/** Whether a text has the form of an id; not whether there is such a thing. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text.slice(prefix.length + 1));
}

function digitsOf(now: number): string {
  let digits = "";
  for (let rest = now; digits.length < TIME_DIGITS; rest = Math.floor(rest / DIGITS.length)) {
    digits = DIGITS[rest % DIGITS.length]! + digits;
  }
  return digits;
}

/** The next larger one: as the number 1 is added, the time moves on when its randomness is used up. */
function successor(id: string): string {
  const last = id.at(-1)!;
  if (last === DIGITS.at(-1)) return successor(id.slice(0, -1)) + DIGITS[0];
  return id.slice(0, -1) + DIGITS[DIGITS.indexOf(last) + 1];
}

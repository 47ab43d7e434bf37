// Ids that sort by the time of their creation: a prefix for the kind of entity, and a ULID in lower case.
// @see github.com/ulid/spec
import { incrementBase32, ulid } from "ulid";

const TIME_DIGITS = 10; // the first digits of a ULID are its time

/**
 * A new id, `usr_01arz3ndektsv4rrffq69g5fav`. It sorts after `previous`, also within one millisecond and when the clock steps back.
 *
 * @param now      epoch ms, in (0, 2^48)
 * @param previous the id that was created last, or undefined for the first one
 */
export function newId(prefix: string, now: number, previous: string | undefined): string {
  const id = ulid(now);
  const before = previous?.slice(prefix.length + 1).toUpperCase();
  const isLater = before === undefined || id.slice(0, TIME_DIGITS) > before.slice(0, TIME_DIGITS);
  // One more than the previous id: its time moves on when its randomness is used up.
  return `${prefix}_${(isLater ? id : incrementBase32(before)).toLowerCase()}`;
}

/** Whether a text has the form of an id; not whether the entity exists. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text.slice(prefix.length + 1));
}

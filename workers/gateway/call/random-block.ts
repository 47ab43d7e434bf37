// Random bytes for the trace of each call, drawn for many calls at once: drawing takes longer than writing an id.

const BYTES_PER_CALL = 24;
const CALLS = 128;

/** The bytes that were drawn last. */
export const RANDOM_BLOCK = new Uint8Array(BYTES_PER_CALL * CALLS);
let next = RANDOM_BLOCK.byteLength; // nothing is drawn before the first call: a Worker has no random numbers outside of a request

/** @returns where 24 random bytes begin in `RANDOM_BLOCK` that no other call gets; they stay there until the next call of this */
export function nextRandomBytes(): number {
  if (next === RANDOM_BLOCK.byteLength) {
    crypto.getRandomValues(RANDOM_BLOCK);
    next = 0;
  }
  next += BYTES_PER_CALL;
  return next - BYTES_PER_CALL;
}

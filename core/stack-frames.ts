// How many frames of the stack an error records. V8 walks the stack for each error that is made, which takes longer than most refusals.

/** An extension of V8: undefined elsewhere, and then without effect. */
const errors = Error as { stackTraceLimit?: number | undefined };

/** @param frames that errors made from now on record @returns how many it was before, to be set again */
export function recordStackFrames(frames: number | undefined): number | undefined {
  const before = errors.stackTraceLimit;
  errors.stackTraceLimit = frames;
  return before;
}

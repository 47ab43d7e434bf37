// A programmer's mistake, named. Never for what a caller or an operator got wrong.

/** @throws Error when `condition` does not hold: the code around it is wrong, not its input */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

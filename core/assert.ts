// Reports a fault in this code. Mistakes of a caller or an operator are reported as rejections and configuration problems instead.

/** @throws Error where `condition` does not hold */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

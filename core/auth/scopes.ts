// Scopes that a call needs, and those that its caller has.

/** @returns whether `held` has all of `needed` */
export function isSubset(needed: readonly string[], held: readonly string[]): boolean {
  return needed.every((scope) => held.includes(scope));
}

// Whether a policy refuses the calls of a caller, or only reports them: one decision for all policies.
import type { Enforcement } from "../config/enforcement.ts";
import { hash32 } from "../hash.ts";

/**
 * Callers stay where they are: a larger percent only adds callers, and the same callers come first in every policy.
 *
 * @param key of the caller, which it must not be able to choose: the id of its principal, or its address
 * @returns false where the policy only reports for this caller. Policies in mode `off` are not compiled, and decide nothing
 */
export function isEnforcedFor({ mode, percent }: Enforcement, key: string): boolean {
  if (mode !== "enforce") return false;
  return percent >= 100 || positionOf(key) < percent;
}

/** Whether the policy reports for some callers: its decision may then differ from one caller of a response to the next. */
export function reportsForSome({ mode, percent }: Enforcement): boolean {
  return mode === "report" || (mode === "enforce" && percent < 100);
}

/** Where a caller is in the order in which callers are added. @returns a number in [0, 100), in steps of 0.01 */
function positionOf(key: string): number {
  const hash = hash32(`enforced/${key}`);
  return (hash % 100) + (Math.floor(hash / 100) % 100) / 100;
}

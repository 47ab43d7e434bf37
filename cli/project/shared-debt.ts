// Notes on limits that many isolates together can exceed at once, because each of them lets a call pass before the bucket responds.
import { sharedDebtAtMost } from "../../core/rate-limit/isolate/debt.ts";

const ISOLATES = 10_000; // a usual number for a gateway whose callers are all over the world
const SHARED_KEYS: readonly unknown[] = ["all", "route"];

/**
 * @param settings the configuration of the gateway, plain JSON
 * @returns a line for each rule that all callers share and that fails open, if its capacity is below the debt of all isolates
 */
export function sharedDebtNotes(settings: unknown): string[] {
  const { rateLimits } = (settings ?? {}) as { readonly rateLimits?: Readonly<Record<string, unknown>> };
  return Object.entries(rateLimits ?? {}).flatMap(([name, rule]) => {
    const { key, capacity, mode, fail } = (rule ?? {}) as Readonly<Record<string, unknown>>;
    if (!SHARED_KEYS.includes(key) || typeof capacity !== "number") return [];
    if ((fail ?? "open") !== "open" || mode === "exact" || mode === "local") return [];
    const debt = sharedDebtAtMost({ capacity, rate: 1, intervalMs: 1_000 }, ISOLATES);
    if (debt <= capacity) return [];
    const fix = 'write fail: "closed" where the limit protects something that so many calls would break';
    return [
      `rateLimits.${name}: ${ISOLATES} isolates that start at once let up to ${debt} calls pass before they are charged, the bucket has ${capacity}; ${fix}`,
    ];
  });
}

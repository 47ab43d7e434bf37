// The rate limits of a route: which rules apply to it, and what a call costs under them.
import { type Cost, maxUpfrontCost, parseCost } from "./cost.ts";
import { type Checks, join, suggest } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";

export interface RouteLimits {
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
}

/** What is used of the rules, which are keyed by name. */
export type Rules = Pick<ReadonlyMap<string, RateLimitRule>, "get" | "keys">;

/** @param rules all that are defined, by name */
export function parseRouteLimits(
  check: Checks,
  path: string,
  fields: { readonly rateLimits?: unknown; readonly cost?: unknown },
  outer: RouteLimits,
  rules: Rules,
): RouteLimits {
  const { rateLimits: names, cost: written } = fields;
  const rateLimits = names === undefined ? outer.rateLimits : namedRules(check, `${path}.rateLimits`, names, rules);
  const cost = parseCost(check, join(path, "cost"), written, outer.cost);
  const isNew = written !== undefined || names !== undefined;
  const most = maxUpfrontCost(cost);
  for (const { name, limit, tiers } of rateLimits) {
    const least = Math.min(limit.capacity, ...[...(tiers?.plans.values() ?? [])].map(({ capacity }) => capacity));
    if (isNew && most > least)
      check.report(join(path, "cost"), most, `write at most ${least}, the capacity of rateLimits.${name}: such a call could never pass`);
  }
  return { rateLimits, cost };
}

function namedRules(check: Checks, path: string, value: unknown, rules: Rules): RateLimitRule[] {
  if (!Array.isArray(value)) {
    check.report(path, value, 'write a list of names from rateLimits: ["per-caller"]');
    return [];
  }
  return value.flatMap((name: unknown, index) => {
    const rule = typeof name === "string" ? rules.get(name) : undefined;
    if (rule !== undefined && value.indexOf(name) === index) return rule.enforcement.mode === "off" ? [] : [rule];
    const fix = rule === undefined ? `write ${suggest(String(name), [...rules.keys()])}, defined in rateLimits` : "name each rule once";
    check.report(`${path}[${index}]`, name, fix);
    return [];
  });
}

import { expect, it } from "vitest";
import { ceilingOf } from "../../../core/config/rate-limit-ceiling.ts";

const LIMIT = { capacity: 10, rate: 5, intervalMs: 1_000 };

it("is a multiple of the limit and of each plan, under a name of its own", () => {
  const rule = { name: "apps", limit: LIMIT, tiers: { plans: new Map([["gold", { ...LIMIT, compat: true }]]) }, mode: "exact" };
  expect(ceilingOf(rule, 3, { mode: "local" })).toEqual({
    rule: { name: "apps.address", limit: { capacity: 30, rate: 15, intervalMs: 1_000 }, tiers: undefined, mode: "local" },
    plans: new Map([["gold", { capacity: 30, rate: 15, intervalMs: 1_000, compat: true }]]),
  });
});

it("keeps the arithmetic of a bucket exact", () => {
  const limit = { capacity: 50_000_000, rate: 9_000_000, intervalMs: 86_400_000 };
  const { rule } = ceilingOf({ name: "a", limit, tiers: undefined }, 1_000_000, {});
  expect([rule.limit.capacity * rule.limit.intervalMs, rule.limit.rate * rule.limit.intervalMs].every((one) => one <= 2 ** 52)).toBe(true);
});

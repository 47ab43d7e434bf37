// What policies have decided, counted in a bounded number of cells.
import { expect, it } from "vitest";
import { OTHERS, POLICIES, PolicyCounters } from "../../../core/enforcement/policy-counters.ts";

it("reads every count that is not 0, by policy, name, route and outcome", () => {
  const counters = new PolicyCounters();
  counters.cell("auth", "", "a.v1.A/Get").refused += 2;
  counters.cell("auth", "", "a.v1.A/Get").allowed += 1;
  counters.cell("rate_limit", "per-caller", "a.v1.A/Get").would_refuse += 3;
  counters.cell("rate_limit", "per-caller", "/files/");
  expect([...counters.read()]).toEqual([
    { policy: "auth", name: "", route: "a.v1.A/Get", outcome: "allowed", count: 1 },
    { policy: "auth", name: "", route: "a.v1.A/Get", outcome: "refused", count: 2 },
    { policy: "rate_limit", name: "per-caller", route: "a.v1.A/Get", outcome: "would_refuse", count: 3 },
  ]);
});

it("has no more cells than its bound, and one more for each policy: nothing is lost", () => {
  const counters = new PolicyCounters(10);
  for (const policy of POLICIES) for (let n = 0; n < 100; n++) counters.cell(policy, `rule-${n}`, `route-${n}`).allowed += 1;
  const counts = [...counters.read()];
  expect(counts.length).toBeLessThanOrEqual(10 + POLICIES.length);
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(100 * POLICIES.length);
  expect(counts).toContainEqual({ policy: "auth", name: OTHERS, route: OTHERS, outcome: "allowed", count: 100 });
});

// Charges in an expression: loops are ended in time.
import { describe, expect, it } from "vitest";
import { decide, items } from "../../../../support/expressions.ts";

describe("a loop", () => {
  const groups = (count: number) => ({ claims: { groups: items(count) } });

  it.each([
    ["elements of which each costs much", "principal.claims.groups.all(group, group + group + group + group + 'x' != group + 'y')"],
    ["a pattern on each element", "principal.claims.groups.all(group, group.matches('^[a-z]+-[0-9]+$') && group.matches('item'))"],
    ["a list that is built", "principal.claims.groups.map(group, group + 'x').size() == 1000"],
    ["collections that are compared within a loop", "principal.claims.groups.exists(group, principal.claims.groups == [group])"],
    ["three loops", [1, 2, 3].map((n) => `principal.claims.groups.exists(g, g == '${n}')`).join(" || ")],
  ])("is ended where it costs too much: %s", (_, text) => {
    expect(decide(text, groups(1_000))).toBe("expression_cost");
  });
});

// What one evaluation may cost.
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { decide, items } from "../../../../support/expressions.ts";

describe("one evaluation", () => {
  const groups = (count: number) => ({ claims: { groups: items(count) } });

  it("looks at collections of some hundred items, and at none of more than 1,000", () => {
    const text = "principal.claims.groups.exists(group, group == 'none')";
    expect(decide(text, groups(500))).toBe("expression_false");
    expect(decide(text, groups(1_001))).toBe("expression_cost");
    expect(decide("size(principal.claims.groups) > 0", groups(1_000))).toBeUndefined();
    expect(decide("'none' in principal.claims.groups", groups(1_001))).toBe("expression_cost");
  });

  it("may leave out what it does not need", () => {
    expect(decide("true || principal.claims.groups.all(group, group.matches('x'))", groups(1_001))).toBeUndefined();
  });

  it("is refused where its budget is spent, also where an operator leaves the error out", () => {
    expect(decide("principal.claims.groups.all(group, group != 'x') || true", groups(1_001))).toBe("expression_cost");
  });

  it("is ended by texts that are too long for it", () => {
    const claims = { long: "y".repeat(20_000) };
    expect(decide("principal.claims.long.matches('z')", { claims })).toBe("expression_cost");
    expect(decide("principal.claims.long.contains('z')", { claims })).toBe("expression_false");
    expect(decide("principal.claims.long.contains('z')", { claims: { long: "y".repeat(2_000_000) } })).toBe("expression_cost");
  });

  it("is ended by messages that are compared whole", () => {
    const message = (count: number) => ({ texts: Array.from({ length: count }, () => "a") }) as JsonValue;
    expect(decide("message == message", { message: message(10) })).toBeUndefined();
    expect(decide("message == message", { message: message(30_000) })).toBe("expression_cost");
  });

  it("is ended by what is nested too deep", () => {
    let claims: Record<string, unknown> = {};
    for (let depth = 0; depth < 100; depth++) claims = { claims };
    expect(decide("principal.claims == principal.claims", { claims })).toBe("expression_cost");
  });
});

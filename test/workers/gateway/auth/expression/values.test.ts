// What an expression reads of a call.
import { describe, expect, it } from "vitest";
import { decide } from "../../../../support/expressions.ts";

describe("an expression", () => {
  it("has no principal for an anonymous call, so that to read it refuses", () => {
    expect(decide("principal.kind == 'user'", { isAnonymous: true })).toBe("expression_error");
    expect(decide("principal.kind != 'user'", { isAnonymous: true })).toBe("expression_error");
    expect(decide("principal == null", { isAnonymous: true })).toBeUndefined();
  });

  it("has no address where the edge reports none", () => {
    expect(decide("source.address != '192.0.2.1'", { address: null })).toBe("expression_error");
  });

  it("is not fooled by names of object prototypes", () => {
    for (const name of ["constructor", "__proto__", "toString"])
      expect(
        decide(`has(principal.claims.${name}) || has(principal.${name})`, { claims: JSON.parse("{}") as Record<string, unknown> }),
      ).toBe("expression_false");
  });
});

// The tokens of an isolate: found while they are valid for long enough, and bounded in bytes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TOKEN_BYTES, SignedTokens } from "../../../core/mesh/signed-tokens.ts";

describe("signed tokens", () => {
  it("are used until 20 s of their time are left", () => {
    const tokens = new SignedTokens();
    tokens.store("a", "token", 60_000);
    expect([0, 39_999, 40_000].map((now) => tokens.find("a", now))).toEqual(["token", "token", undefined]);
    expect(tokens.find("b", 0)).toBeUndefined();
  });

  it("never exceed the bound, and lose those first that were not used for longest", () => {
    const large = "x".repeat(300_000); // 600 KB of UTF-16
    const tokens = new SignedTokens();
    for (const name of ["a", "b", "c"]) tokens.store(name, large, 60_000);
    tokens.find("a", 0);
    tokens.store("d", large, 60_000);
    expect(["a", "b", "c", "d"].map((name) => tokens.find(name, 0) !== undefined)).toEqual([true, false, true, true]);
  });

  it("count as many bytes as they have", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ facts: fc.constantFrom("a", "b", "c", "d"), length: fc.integer({ min: 0, max: 400_000 }) })),
        (stores) => {
          const tokens = new SignedTokens();
          for (const { facts, length } of stores) {
            tokens.store(facts, "t".repeat(length), 60_000);
            expect(tokens.bytes).toBeLessThanOrEqual(MAX_TOKEN_BYTES);
          }
          const left = ["a", "b", "c", "d"].map((facts) => tokens.find(facts, 0)).filter((text) => text !== undefined);
          expect(tokens.bytes).toBe(left.reduce((sum, text) => sum + 2 * (text.length + 1) + 256, 0));
        },
      ),
      { numRuns: 50 },
    );
  });
});

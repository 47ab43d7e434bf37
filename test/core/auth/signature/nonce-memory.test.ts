// Nonces that have been seen.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NonceMemory } from "../../../../core/auth/signature/nonce-memory.ts";

describe("a nonce", () => {
  it("is used once until its signature ends, and again from then on", () => {
    const nonces = new NonceMemory(10);
    expect(nonces.use("a", 100, 0)).toBe(true);
    expect(nonces.use("a", 100, 99)).toBe(false);
    expect(nonces.use("b", 100, 99)).toBe(true);
    expect(nonces.use("a", 200, 100)).toBe(true);
  });

  it("is forgotten when its signature has ended, and when there are too many", () => {
    const nonces = new NonceMemory(2);
    nonces.use("a", 100, 0);
    nonces.use("b", 110, 0);
    nonces.use("c", 120, 0);
    expect(nonces.size).toBe(2);
    expect(nonces.use("a", 100, 0)).toBe(true);
    nonces.use("d", 300, 130);
    expect(nonces.size).toBe(1);
  });

  it("passes at most once within its window, in any order of calls, while there is room", () => {
    const use = fc.record({
      nonce: fc.integer({ min: 0, max: 5 }),
      after: fc.integer({ min: 0, max: 40 }),
      window: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
        const nonces = new NonceMemory(6);
        const ends = new Map<number, number>();
        let now = 0;
        for (const { nonce, after, window } of uses) {
          now += after;
          const isFree = (ends.get(nonce) ?? 0) <= now;
          expect(nonces.use(String(nonce), now + window, now)).toBe(isFree);
          if (isFree) ends.set(nonce, now + window);
        }
      }),
    );
  });
});

// The keys with most calls are listed, however many others there are.
import { describe, expect, it } from "vitest";
import { HotKeys } from "../../../core/metrics/hot-keys.ts";
import { seeded } from "../../support/cache-traces.ts";

describe("HotKeys", () => {
  it("lists each key with more than 1 / max of all calls, among 100,000 others, with counts that are never too high (seed 3)", () => {
    const random = seeded(3);
    const keys = new HotKeys(32);
    const truth = new Map<string, number>();
    const CALLS = 100_000;
    for (let at = 0; at < CALLS; at++) {
      const hash = random() < 0.5 ? `hot-${Math.floor(random() * 8)}` : `cold-${at}`; // each hot key has some 6 % of the calls
      truth.set(hash, (truth.get(hash) ?? 0) + 1);
      keys.record({ rule: "r", hash, allowed: 0, refused: 1 });
    }
    const listed = keys.read();
    expect(listed.length).toBe(32);
    expect(
      listed
        .slice(0, 8)
        .map(({ hash }) => hash)
        .toSorted(),
    ).toEqual(Array.from({ length: 8 }, (_, at) => `hot-${at}`));
    for (const { hash, refused } of listed) {
      expect(refused).toBeLessThanOrEqual(truth.get(hash)!);
      if (hash.startsWith("hot")) expect(refused).toBeGreaterThan(truth.get(hash)! - CALLS / 32);
    }
  });

  it("shows keys with most refusals first, then those with most calls", () => {
    const keys = new HotKeys(10);
    keys.record({ rule: "r", hash: "a", allowed: 100, refused: 1 });
    keys.record({ rule: "r", hash: "b", allowed: 0, refused: 5 });
    keys.record({ rule: "r", hash: "c", allowed: 200, refused: 1 });
    keys.record({ rule: "other", hash: "d", allowed: 1, refused: 0 });
    expect(keys.read(3).map(({ hash }) => hash)).toEqual(["b", "c", "a"]);
    expect(keys.take().length).toBe(4);
    expect(keys.read()).toEqual([]);
  });
});

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

  it("lists what a simple table lists that looks for the lightest key at each call (seeds 1 to 20)", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const keys = new HotKeys(8);
      const weights = new Map<string, number>(); // Those of the simple table. No two are alike, so that the lightest one is a single key.
      let unit = 1;
      for (let at = 0; at < 400; at++) {
        const hash = `k${Math.floor(random() ** 2 * 30)}`;
        unit *= 1.01;
        if (!weights.has(hash)) {
          const [lightest] = weights.size < 8 ? [] : [...weights].toSorted((one, other) => one[1] - other[1]);
          if (lightest !== undefined) weights.delete(lightest[0]);
          weights.set(hash, lightest?.[1] ?? 0);
        }
        weights.set(hash, weights.get(hash)! + unit);
        keys.add("r", hash, unit, 0);
      }
      const listed = keys.read().map(({ hash }) => hash);
      expect(listed.toSorted(), `seed ${seed}`).toEqual([...weights.keys()].toSorted());
    }
  });

  it("counts a key anew that was dropped and is listed again", () => {
    const keys = new HotKeys(1);
    keys.add("r", "a", 3, 0);
    keys.add("s", "b", 0, 1);
    expect(keys.read()).toEqual([{ rule: "s", hash: "b", allowed: 0, refused: 1 }]);
    keys.add("r", "a", 1, 0);
    expect(keys.take()).toEqual([{ rule: "r", hash: "a", allowed: 1, refused: 0 }]);
    keys.add("r", "c", 2, 0);
    expect(keys.read()).toEqual([{ rule: "r", hash: "c", allowed: 2, refused: 0 }]);
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

// Invalidations by unsafe methods.
import { describe, expect, it } from "vitest";
import { Invalidations } from "../../../../core/cache/purge/invalidations.ts";
import { hash32 } from "../../../../core/hash.ts";

describe("invalidations", () => {
  it("cover responses fetched up to them, and all older ones where they are too many", () => {
    const changes = new Invalidations(2);
    expect(changes.covers("a", 0)).toBe(false);
    changes.add("a", 100);
    expect([changes.covers("a", 100), changes.covers("a", 101), changes.covers("b", 100)]).toEqual([true, false, false]);
    changes.add("b", 200);
    changes.add("a", 300);
    expect([changes.size, changes.covers("z", 100)]).toEqual([2, false]);
    changes.add("c", 400); // the oldest is b, of 200
    expect([changes.size, changes.covers("z", 200), changes.covers("z", 201), changes.covers("a", 300), changes.covers("b", 201)]).toEqual([
      2,
      true,
      false,
      true,
      false,
    ]);
  });

  it("remember hashes, and no path that a caller has chosen: what has the same hash is covered, too", () => {
    const byHash = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let n = 0; pair === undefined; n++) {
      const resource = `/items/${n}`;
      const earlier = byHash.get(hash32(resource));
      if (earlier !== undefined) pair = [earlier, resource];
      byHash.set(hash32(resource), resource);
    }
    const invalidations = new Invalidations(2);
    invalidations.add(pair[0], 100);
    expect([invalidations.covers(pair[1], 100), invalidations.covers(pair[1], 101)]).toEqual([true, false]);
  });

  it("are dropped, oldest first, and then cover everything that is as old", () => {
    const invalidations = new Invalidations(2);
    for (const [index, resource] of ["/a", "/b", "/c"].entries()) invalidations.add(resource, index + 1);
    expect([
      invalidations.covers("/a", 1),
      invalidations.covers("/z", 1),
      invalidations.covers("/z", 2),
      invalidations.covers("/c", 3),
    ]).toEqual([true, true, false, true]);
  });
});

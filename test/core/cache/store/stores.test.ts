// The contract of every store in the table. A new store in the table is tested without a change here.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STORES } from "../../../../core/cache/store/stores.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NOW = 1_000;

describe.each(Object.entries(STORES))("store %s", (_name, create) => {
  const small = (maxEntries = 4, maxBytes = 1_000) => create<string>({ maxEntries, maxBytes });

  it("returns what was stored last under a key", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("a", "two", 20, NEVER, NOW);
    expect([store.get("a", NOW), store.get("b", NOW), store.size, store.bytes]).toEqual(["two", undefined, 1, 20]);
  });

  it("expires entries to the millisecond without a timer, and frees their room", () => {
    const store = small();
    store.set("a", "one", 10, NOW + 500, NOW);
    expect(store.get("a", NOW + 499)).toBe("one");
    expect(store.get("a", NOW + 500)).toBeUndefined();
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it("stores nothing that has expired already, and removes what it would replace", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("a", "two", 10, NOW, NOW);
    expect([store.get("a", NOW), store.size]).toEqual([undefined, 0]);
  });

  it("does not store an entry larger than itself, and removes what it would replace", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("b", "two", 10, NEVER, NOW);
    store.set("a", "large", 1_001, NEVER, NOW);
    expect([store.get("a", NOW), store.get("b", NOW), store.bytes]).toEqual([undefined, "two", 10]);
    store.set("c", "as large as the store", 1_000, NEVER, NOW);
    expect([store.get("c", NOW), store.size, store.bytes]).toEqual(["as large as the store", 1, 1_000]);
  });

  it("evicts an expired entry among the oldest before a live one", () => {
    const store = small();
    store.set("a", "live", 10, NEVER, NOW);
    store.set("b", "live", 10, NEVER, NOW);
    store.set("c", "expires", 10, NOW + 1, NOW);
    store.set("d", "live", 10, NEVER, NOW);
    store.set("e", "new", 10, NEVER, NOW + 1);
    expect(["a", "b", "c", "d", "e"].map((key) => store.get(key, NOW + 1))).toEqual(["live", "live", undefined, "live", "new"]);
  });

  it("shrinks to what it is given, and to nothing", () => {
    const store = small(100, 10_000);
    for (let n = 0; n < 50; n++) store.set(`key ${n}`, "value", 100, NEVER, NOW);
    store.shrinkTo(5_000, NOW);
    expect([store.size, store.bytes]).toEqual([50, 5_000]);
    store.shrinkTo(1_250, NOW);
    expect([store.size, store.bytes]).toEqual([12, 1_200]);
    expect(store.get("key 49", NOW)).toBe("value");
    store.shrinkTo(0, NOW);
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it("evicts entries without lookups before one with lookups", () => {
    const store = small(10);
    store.set("used", "yes", 1, NEVER, NOW);
    for (let n = 0; n < 1_000; n++) {
      expect(store.get("used", NOW), `after ${n}`).toBe("yes");
      store.set(`once ${n}`, "no", 1, NEVER, NOW);
    }
    expect(store.size).toBe(10);
  });

  it("removes one entry, or all", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("b", "two", 10, NEVER, NOW);
    expect([store.delete("a"), store.delete("a"), store.get("a", NOW), store.bytes]).toEqual([true, false, undefined, 10]);
    store.clear();
    expect([store.size, store.bytes, store.get("b", NOW)]).toEqual([0, 0, undefined]);
    for (const key of "cdefgh") store.set(key, key, 10, NEVER, NOW);
    expect([store.size, store.bytes, store.get("h", NOW)]).toEqual([4, 40, "h"]);
  });

  it("requires entries of at least 1 byte, and fills its limits", () => {
    for (const bytes of [0, -1]) expect(() => small().set("a", "a", bytes, NEVER, NOW)).toThrow(`an entry has ${bytes} bytes`);
    const store = small(4, 4);
    for (const key of "abcd") store.set(key, key, 1, NEVER, NOW);
    expect([store.size, store.bytes]).toEqual([4, 4]);
    store.set("e", "e", 2, NEVER, NOW);
    expect([store.size, store.bytes, store.get("e", NOW)]).toEqual([3, 4, "e"]);
    store.set("d", "larger", 3, NEVER, NOW);
    expect([store.bytes <= 4, store.get("d", NOW)]).toEqual([true, "larger"]);
  });

  it("checks the four oldest entries for expiry, and no others", () => {
    const store = small(5);
    store.set("a", "dead", 10, NOW, NOW);
    expect(store.size).toBe(0);
    for (const key of "abcd") store.set(key, key, 10, NEVER, NOW);
    store.set("e", "expires", 10, NOW + 1, NOW);
    store.set("f", "f", 10, NEVER, NOW + 1);
    expect([..."abcdf"].map((key) => store.get(key, NOW + 1))).toEqual([undefined, "b", "c", "d", "f"]);
  });

  it("holds hundreds of entries with their values, and those in use during a scan", () => {
    const store = small(1_000, 100_000);
    for (let n = 0; n < 300; n++) store.set(`used ${n}`, `${n}`, 1, NEVER, NOW);
    for (let n = 0; n < 2_000; n++) {
      if (n % 500 === 0) for (let m = 0; m < 300; m++) expect(store.get(`used ${m}`, NOW)).toBe(`${m}`);
      store.set(`once ${n}`, "no", 1, NEVER, NOW);
    }
    for (let n = 0; n < 300; n++) expect(store.get(`used ${n}`, NOW)).toBe(`${n}`);
    expect([store.size, store.bytes]).toEqual([1_000, 1_000]);
  });

  it("never exceeds its limits, counts its entries, and returns what was stored last, compared with a plain map", () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 12 }),
      act: fc.constantFrom("get", "get", "set", "set", "delete"),
      bytes: fc.integer({ min: 1, max: 120 }),
      lifeMs: fc.integer({ min: 0, max: 40 }),
      passMs: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limits = { maxEntries: 6, maxBytes: 300 };
        const store = create<number>(limits);
        const truth = new Map<string, { value: number; bytes: number; until: number }>();
        let now = NOW;
        for (const [index, { key: number, act, bytes, lifeMs, passMs }] of steps.entries()) {
          now += passMs;
          const key = `key ${number}`;
          if (act === "set") {
            store.set(key, index, bytes, now + lifeMs, now);
            truth.set(key, { value: index, bytes, until: now + lifeMs });
            if (lifeMs > 0) expect(store.get(key, now)).toBe(index);
          } else if (act === "delete") {
            store.delete(key);
            truth.delete(key);
          }
          const value = store.get(key, now);
          if (value !== undefined) expect([value, truth.get(key)!.until > now]).toEqual([truth.get(key)!.value, true]);
          expect(store.size).toBeLessThanOrEqual(limits.maxEntries);
          expect(store.bytes).toBeLessThanOrEqual(limits.maxBytes);
        }
        const held = [...truth].filter(([key]) => store.get(key, now) !== undefined);
        for (const key of truth.keys()) store.get(key, now + 41); // all have expired: the lookup removes them
        for (let number = 0; number <= 12; number++) store.get(`key ${number}`, now + 41);
        expect([store.size, store.bytes]).toEqual([0, 0]);
        expect(held.length).toBeLessThanOrEqual(limits.maxEntries);
      }),
      { numRuns: 300 },
    );
  });
});

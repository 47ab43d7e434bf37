// Every store in the table keeps this contract; adding one to the table is enough to have it tested.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STORES } from "../../../../core/cache/store/stores.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NOW = 1_000;

describe.each(Object.entries(STORES))("store %s", (_name, create) => {
  const small = (maxEntries = 4, maxBytes = 1_000) => create<string>({ maxEntries, maxBytes });

  it("gives what was put in, and the latest of it", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("a", "two", 20, NEVER, NOW);
    expect([store.get("a", NOW), store.get("b", NOW), store.size, store.bytes]).toEqual(["two", undefined, 1, 20]);
  });

  it("expires although no timer ever fires, to the millisecond, and gives the room back", () => {
    const store = small();
    store.set("a", "one", 10, NOW + 500, NOW);
    expect(store.get("a", NOW + 499)).toBe("one");
    expect(store.get("a", NOW + 500)).toBeUndefined();
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it("keeps nothing that has expired already, and drops what it would replace", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("a", "two", 10, NOW, NOW);
    expect([store.get("a", NOW), store.size]).toEqual([undefined, 0]);
  });

  it("does not keep what is larger than itself, nor the old one under that key", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("b", "two", 10, NEVER, NOW);
    store.set("a", "large", 1_001, NEVER, NOW);
    expect([store.get("a", NOW), store.get("b", NOW), store.bytes]).toEqual([undefined, "two", 10]);
    store.set("c", "as large as the store", 1_000, NEVER, NOW);
    expect([store.get("c", NOW), store.size, store.bytes]).toEqual(["as large as the store", 1, 1_000]);
  });

  it("lets an expired entry go before a living one, where it is among the oldest", () => {
    const store = small();
    store.set("a", "lives", 10, NEVER, NOW);
    store.set("b", "lives", 10, NEVER, NOW);
    store.set("c", "dies", 10, NOW + 1, NOW);
    store.set("d", "lives", 10, NEVER, NOW);
    store.set("e", "new", 10, NEVER, NOW + 1);
    expect(["a", "b", "c", "d", "e"].map((key) => store.get(key, NOW + 1))).toEqual(["lives", "lives", undefined, "lives", "new"]);
  });

  it("keeps what is used over what is not", () => {
    const store = small(10);
    store.set("used", "yes", 1, NEVER, NOW);
    for (let n = 0; n < 1_000; n++) {
      expect(store.get("used", NOW), `after ${n}`).toBe("yes");
      store.set(`once ${n}`, "no", 1, NEVER, NOW);
    }
    expect(store.size).toBe(10);
  });

  it("forgets one, or all", () => {
    const store = small();
    store.set("a", "one", 10, NEVER, NOW);
    store.set("b", "two", 10, NEVER, NOW);
    expect([store.delete("a"), store.delete("a"), store.get("a", NOW), store.bytes]).toEqual([true, false, undefined, 10]);
    store.clear();
    expect([store.size, store.bytes, store.get("b", NOW)]).toEqual([0, 0, undefined]);
    for (const key of "cdefgh") store.set(key, key, 10, NEVER, NOW);
    expect([store.size, store.bytes, store.get("h", NOW)]).toEqual([4, 40, "h"]);
  });

  it("has entries of a byte at least, and fills its limits to the last one", () => {
    for (const bytes of [0, -1]) expect(() => small().set("a", "a", bytes, NEVER, NOW)).toThrow(`an entry has ${bytes} bytes`);
    const store = small(4, 4);
    for (const key of "abcd") store.set(key, key, 1, NEVER, NOW);
    expect([store.size, store.bytes]).toEqual([4, 4]);
    store.set("e", "e", 2, NEVER, NOW);
    expect([store.size, store.bytes, store.get("e", NOW)]).toEqual([3, 4, "e"]);
    store.set("d", "larger", 3, NEVER, NOW);
    expect([store.bytes <= 4, store.get("d", NOW)]).toEqual([true, "larger"]);
  });

  it("takes in nothing that has expired, and looks at the four oldest alone for what has", () => {
    const store = small(5);
    store.set("a", "dead", 10, NOW, NOW);
    expect(store.size).toBe(0);
    for (const key of "abcd") store.set(key, key, 10, NEVER, NOW);
    store.set("e", "dies", 10, NOW + 1, NOW);
    store.set("f", "f", 10, NEVER, NOW + 1);
    expect([..."abcdf"].map((key) => store.get(key, NOW + 1))).toEqual([undefined, "b", "c", "d", "f"]);
  });

  it("keeps hundreds of entries, each with its own value, and those in use over a scan", () => {
    const store = small(1_000, 100_000);
    for (let n = 0; n < 300; n++) store.set(`used ${n}`, `${n}`, 1, NEVER, NOW);
    for (let n = 0; n < 2_000; n++) {
      if (n % 500 === 0) for (let m = 0; m < 300; m++) expect(store.get(`used ${m}`, NOW)).toBe(`${m}`);
      store.set(`once ${n}`, "no", 1, NEVER, NOW);
    }
    for (let n = 0; n < 300; n++) expect(store.get(`used ${n}`, NOW)).toBe(`${n}`);
    expect([store.size, store.bytes]).toEqual([1_000, 1_000]);
  });

  it("never holds more than its limits, counts what it holds, and has what was put in last: against a plain map", () => {
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
          const found = store.get(key, now);
          if (found !== undefined) expect([found, truth.get(key)!.until > now]).toEqual([truth.get(key)!.value, true]);
          expect(store.size).toBeLessThanOrEqual(limits.maxEntries);
          expect(store.bytes).toBeLessThanOrEqual(limits.maxBytes);
        }
        const held = [...truth].filter(([key]) => store.get(key, now) !== undefined);
        for (const key of truth.keys()) store.get(key, now + 41); // all have expired: looking takes them out
        for (let number = 0; number <= 12; number++) store.get(`key ${number}`, now + 41);
        expect([store.size, store.bytes]).toEqual([0, 0]);
        expect(held.length).toBeLessThanOrEqual(limits.maxEntries);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the two queues of s3-fifo", () => {
  const create = () => {
    const store = STORES["s3-fifo"]<string>({ maxEntries: 10, maxBytes: 1_000 });
    const set = (key: string, now = NOW, until = NEVER) => store.set(key, key, 1, until, now);
    const scan = (name: string, count: number, now = NOW) => {
      for (let n = 0; n < count; n++) set(`${name} ${n}`, now);
    };
    return { set, scan, clear: () => store.clear(), has: (key: string, now = NOW) => store.get(key, now) !== undefined };
  };

  it("let a scan pass what came back after it had gone, all of it", () => {
    const { set, scan, has } = create();
    for (const key of "abc") set(key);
    scan("first", 10);
    for (const key of "abc") set(key);
    scan("second", 40);
    expect([..."abc"].map((key) => has(key))).toEqual([true, true, true]);
  });

  it("do not take a second write for a use", () => {
    const { set, scan, has } = create();
    set("a");
    set("a");
    scan("once", 20);
    expect(has("a")).toBe(false);
  });

  it("remember nothing of what has expired", () => {
    const { set, scan, has } = create();
    set("a", NOW, NOW + 1);
    scan("first", 12, NOW + 1);
    set("a", NOW + 1);
    scan("second", 40, NOW + 1);
    expect(has("a", NOW + 1)).toBe(false);
  });

  it("spare a newcomer while the small queue is within its share", () => {
    const { set, has } = create();
    for (let n = 0; n < 9; n++) set(`used ${n}`);
    for (let n = 0; n < 9; n++) has(`used ${n}`);
    set("s");
    set("t");
    expect([has("used 0"), has("used 1"), has("s"), has("t")]).toEqual([false, true, true, true]);
  });

  it("leave what was written anew where it was", () => {
    const { set, scan, has } = create();
    set("a");
    scan("first", 10);
    set("a"); // it comes back to the main queue
    set("a");
    scan("second", 40);
    expect(has("a")).toBe(true);
  });

  it("forget what has gone where all is forgotten", () => {
    const { set, scan, clear, has } = create();
    set("a");
    scan("first", 10);
    clear();
    set("a");
    scan("second", 40);
    expect(has("a")).toBe(false);
  });

  it("spare in the main queue what was used there", () => {
    const { set, has } = create();
    for (let n = 0; n < 9; n++) set(`used ${n}`);
    for (let n = 0; n < 9; n++) has(`used ${n}`);
    for (const key of "st") set(key);
    has("used 1");
    set("u"); // s goes
    for (const key of "tu") has(key);
    set("v"); // t gets into the main queue, so that one has to go there
    expect([has("s"), has("used 1"), has("used 2"), has("used 3"), has("t")]).toEqual([false, true, false, true, true]);
  });
});

it("lru takes a second write for a use", () => {
  const store = STORES.lru<string>({ maxEntries: 2, maxBytes: 100 });
  for (const key of "abac") store.set(key, key, 1, NEVER, NOW);
  expect([..."abc"].map((key) => store.get(key, NOW))).toEqual(["a", undefined, "c"]);
});

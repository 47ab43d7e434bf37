// S3-FIFO: its small queue, its main queue, and the keys that it remembers.
import { describe, expect, it } from "vitest";
import { S3Fifo } from "../../../../core/cache/store/s3-fifo.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NOW = 1_000;

describe("the two queues of s3-fifo", () => {
  const create = () => {
    const store = new S3Fifo<string>({ maxEntries: 10, maxBytes: 1_000 });
    const set = (key: string, now = NOW, until = NEVER) => store.set(key, key, 1, until, now);
    const scan = (name: string, count: number, now = NOW) => {
      for (let n = 0; n < count; n++) set(`${name} ${n}`, now);
    };
    return { set, scan, clear: () => store.clear(), has: (key: string, now = NOW) => store.get(key, now) !== undefined };
  };

  it("let a scan pass without evicting keys that were set again after their eviction", () => {
    const { set, scan, has } = create();
    for (const key of "abc") set(key);
    scan("first", 10);
    for (const key of "abc") set(key);
    scan("second", 40);
    expect([..."abc"].map((key) => has(key))).toEqual([true, true, true]);
  });

  it("do not count a second write as a lookup", () => {
    const { set, scan, has } = create();
    set("a");
    set("a");
    scan("once", 20);
    expect(has("a")).toBe(false);
  });

  it("do not remember expired keys", () => {
    const { set, scan, has } = create();
    set("a", NOW, NOW + 1);
    scan("first", 12, NOW + 1);
    set("a", NOW + 1);
    scan("second", 40, NOW + 1);
    expect(has("a", NOW + 1)).toBe(false);
  });

  it("do not evict from the small queue while it is within its share", () => {
    const { set, has } = create();
    for (let n = 0; n < 9; n++) set(`used ${n}`);
    for (let n = 0; n < 9; n++) has(`used ${n}`);
    set("s");
    set("t");
    expect([has("used 0"), has("used 1"), has("s"), has("t")]).toEqual([false, true, true, true]);
  });

  it("leave a rewritten entry in its queue", () => {
    const { set, scan, has } = create();
    set("a");
    scan("first", 10);
    set("a"); // enters the main queue
    set("a");
    scan("second", 40);
    expect(has("a")).toBe(true);
  });

  it("count a rewritten entry of the main queue in no other one", () => {
    const { set, scan, has } = create();
    set("a");
    scan("used", 10);
    for (let n = 0; n < 5; n++) set("a"); // enters the main queue, and stays there
    for (let n = 1; n < 10; n++) has(`used ${n}`);
    set("s"); // all but one of them move to the main queue, which evicts a
    set("t");
    expect([has("used 1"), has("used 2"), has("s"), has("t")]).toEqual([false, true, true, true]);
  });

  it("forget evicted keys with clear()", () => {
    const { set, scan, clear, has } = create();
    set("a");
    scan("first", 10);
    clear();
    set("a");
    scan("second", 40);
    expect(has("a")).toBe(false);
  });

  it("evict entries of the main queue without lookups first", () => {
    const { set, has } = create();
    for (let n = 0; n < 9; n++) set(`used ${n}`);
    for (let n = 0; n < 9; n++) has(`used ${n}`);
    for (const key of "st") set(key);
    has("used 1");
    set("u"); // evicts s
    for (const key of "tu") has(key);
    set("v"); // t moves to the main queue, which evicts one entry
    expect([has("s"), has("used 1"), has("used 2"), has("used 3"), has("t")]).toEqual([false, true, false, true, true]);
  });

  it("spare an entry of the main queue once for each lookup, at most three times", () => {
    /** How many rounds of evictions in the main queue an entry with so many lookups survives. */
    const roundsSurvived = (lookups: number): number => {
      for (let rounds = 0; rounds < 50; rounds++) {
        const store = new S3Fifo<string>({ maxEntries: 2, maxBytes: 1_000 });
        const set = (key: string) => store.set(key, key, 1, NEVER, NOW);
        for (const key of "axyax") set(key); // a and x come back after their eviction, so they enter the main queue
        for (let n = 0; n < lookups; n++) store.get("a", NOW);
        for (let round = 0; round < rounds; round++) for (const key of [`p${round}`, `q${round}`, `p${round}`, `q${round}`]) set(key);
        if (store.get("a", NOW) === undefined) return rounds;
      }
      return Number.POSITIVE_INFINITY;
    };
    expect([0, 1, 2, 3, 4, 9].map(roundsSurvived)).toEqual([1, 1, 2, 2, 2, 2]); // the main queue evicts twice per round
  });
});

describe("an entry that is written again", () => {
  it("keeps how often it was looked up", () => {
    const store = new S3Fifo<string>({ maxEntries: 10, maxBytes: 1_000 });
    const set = (key: string) => store.set(key, key, 1, NEVER, NOW);
    set("a");
    for (let n = 0; n < 3; n++) store.get("a", NOW);
    set("a");
    for (let n = 0; n < 20; n++) set(`once ${n}`);
    expect(store.get("a", NOW)).toBe("a");
  });
});

describe("new limits", () => {
  it("hold from the next write on, and at once where it is trimmed", () => {
    const store = new S3Fifo<string>({ maxEntries: 10, maxBytes: 1_000 });
    for (let n = 0; n < 10; n++) store.set(`key ${n}`, "value", 1, NEVER, NOW);
    store.resize({ maxEntries: 4, maxBytes: 1_000 });
    store.trim(NOW);
    expect(store.size).toBe(4);
    store.resize({ maxEntries: 6, maxBytes: 1_000 });
    for (let n = 10; n < 20; n++) store.set(`key ${n}`, "value", 1, NEVER, NOW);
    expect(store.size).toBe(6);
  });
});

// Keys with the changes that make them outdated.
import { describe, expect, it } from "vitest";
import { KeyCache } from "../../../core/keys/key-cache.ts";
import { appendChanges, changesSince, EMPTY_KEY_LOG, latestOnly } from "../../../core/keys/key-log.ts";

const NOW = 1_000;
const LOG = appendChanges(EMPTY_KEY_LOG, ["a", "b"], NOW);

function filled(maxBytes = 100_000): KeyCache<string> {
  const cache = new KeyCache<string>(maxBytes);
  for (const id of ["a", "b", "c"]) expect(cache.insert(id, `key ${id}`, 100, 0, NOW)).toBe(true);
  return cache;
}
const held = (cache: KeyCache<string>) => ["a", "b", "c"].filter((id) => cache.get(id, NOW) !== undefined);

describe("a cache of keys", () => {
  it("loses the keys that a change names", () => {
    const cache = filled();
    cache.apply({ kind: "changed", seq: NOW, changes: [{ id: "b", seq: NOW }] });
    expect(held(cache)).toEqual(["a", "c"]);
    cache.apply({ kind: "same", seq: NOW });
    expect(held(cache)).toEqual(["a", "c"]);
  });

  it("keeps a key that was fetched after its change, when others change", () => {
    const cache = filled();
    cache.apply({ kind: "changed", seq: NOW, changes: [{ id: "b", seq: NOW }] });
    expect(cache.insert("b", "key b", 100, NOW, NOW)).toBe(true);
    cache.apply({ kind: "changed", seq: NOW + 1, changes: [{ id: "a", seq: NOW + 1 }] });
    expect(held(cache)).toEqual(["b", "c"]);
  });

  it("loses all of them where changes are missing, and none where it knew them", () => {
    const cache = filled();
    cache.apply(latestOnly(LOG));
    expect(held(cache)).toEqual([]);
    expect(cache.insert("a", "again", 100, LOG.seq, NOW)).toBe(true);
    cache.apply(latestOnly(LOG));
    expect(held(cache)).toEqual(["a"]);
  });

  it("takes no key that may have changed since it was read", () => {
    const cache = filled();
    cache.apply(changesSince(LOG, 0));
    expect(held(cache)).toEqual(["c"]);
    expect(cache.insert("a", "old", 100, NOW - 1, NOW)).toBe(false);
    expect(cache.insert("a", "new", 100, NOW, NOW)).toBe(true);
    expect(cache.insert("d", "other", 100, NOW - 1, NOW)).toBe(true);
    expect(cache.get("a", NOW)).toBe("new");
  });

  it("loses no key once more for a change that it was read after", () => {
    const cache = filled();
    cache.apply(changesSince(LOG, 0));
    cache.insert("a", "new", 100, LOG.seq, NOW);
    cache.apply({ kind: "changed", seq: LOG.seq + 1, changes: [{ id: "c", seq: LOG.seq + 1 }] });
    expect(held(cache)).toEqual(["a"]);
  });

  it("holds keys within its bytes, the least used go first", () => {
    const cache = filled(900); // three of 300 bytes
    expect([held(cache), cache.bytes, cache.size]).toEqual([["a", "b", "c"], 900, 3]);
    cache.get("a", NOW);
    cache.insert("d", "key d", 100, 0, NOW);
    expect([cache.get("a", NOW), cache.get("b", NOW), cache.bytes]).toEqual(["key a", undefined, 900]);
    cache.delete("a");
    expect([cache.get("a", NOW), cache.bytes]).toEqual([undefined, 600]);
  });

  it("forgets a key at its time", () => {
    const cache = new KeyCache<string>(10_000);
    cache.insert("a", "x", 1, 0, NOW, NOW + 10);
    expect([cache.get("a", NOW + 9), cache.get("a", NOW + 10)]).toEqual(["x", undefined]);
  });
});

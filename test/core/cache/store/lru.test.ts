// LRU: the order of eviction.
import { expect, it } from "vitest";
import { Lru } from "../../../../core/cache/store/lru.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NOW = 1_000;

it("counts a second write as a use", () => {
  const store = new Lru<string>({ maxEntries: 2, maxBytes: 100 });
  for (const key of "abac") store.set(key, key, 1, NEVER, NOW);
  expect([..."abc"].map((key) => store.get(key, NOW))).toEqual(["a", undefined, "c"]);
});

it.each([
  [1, ["a", "c"]],
  [2, ["a"]],
  [3, []],
])("evicts in the order of the last lookup or write: after %d new entries %j is left", (count, left) => {
  const store = new Lru<string>({ maxEntries: 3, maxBytes: 100 });
  for (const key of "abc") store.set(key, key, 1, NEVER, NOW);
  store.get("a", NOW);
  for (const key of "xyz".slice(0, count)) store.set(key, key, 1, NEVER, NOW);
  expect([..."abc"].filter((key) => store.get(key, NOW) !== undefined)).toEqual(left);
});

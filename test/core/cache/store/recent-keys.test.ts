// Keys that were seen, without the keys.
import { expect, it } from "vitest";
import { RecentKeys } from "../../../../core/cache/store/recent-keys.ts";

it("remembers when a key was seen last, and forgets the oldest where it is full", () => {
  const ghost = new RecentKeys(100);
  for (let n = 0; n < 250; n++) ghost.remember(`key ${n}`, n);
  expect(ghost.size).toBe(100);
  expect([ghost.seenAt("key 249"), ghost.seenAt("key 150"), ghost.seenAt("key 149")]).toEqual([249, 150, Number.NEGATIVE_INFINITY]);
});

it("does not forget a key with its older mark", () => {
  const ghost = new RecentKeys(4);
  for (const [now, key] of ["a", "b", "a", "c", "d", "e"].entries()) ghost.remember(key, now);
  expect([ghost.seenAt("a"), ghost.seenAt("b")]).toEqual([2, Number.NEGATIVE_INFINITY]);
  expect([ghost.forget("a"), ghost.forget("a"), ghost.seenAt("a")]).toEqual([true, false, Number.NEGATIVE_INFINITY]);
});

it("takes two keys for one hardly ever", () => {
  const ghost = new RecentKeys(10_000);
  for (let n = 0; n < 10_000; n++) ghost.remember(`seen ${n}`, 0);
  let mistaken = 0;
  for (let n = 0; n < 100_000; n++) if (ghost.seenAt(`not seen ${n}`) === 0) mistaken += 1;
  expect(mistaken).toBeLessThan(10); // expected: 10 000 x 100 000 / 2^30
});

it("keeps its times while it grows", () => {
  const ghost = new RecentKeys(1_000);
  for (let n = 0; n < 300; n++) ghost.remember(`key ${n}`, 1_000 + n);
  for (const n of [0, 63, 64, 128, 299]) expect(ghost.seenAt(`key ${n}`)).toBe(1_000 + n);
  ghost.clear();
  expect([ghost.size, ghost.seenAt("key 1")]).toEqual([0, Number.NEGATIVE_INFINITY]);
});

// Recent keys: remembered by a hash, forgotten in order.
import { expect, it } from "vitest";
import { RecentKeys } from "../../../../core/cache/store/recent-keys.ts";

it("remembers when a key was last seen, and forgets the oldest keys where it is full", () => {
  const recent = new RecentKeys(100);
  for (let n = 0; n < 250; n++) recent.remember(`key ${n}`, n);
  expect(recent.size).toBe(100);
  expect([recent.seenAt("key 249"), recent.seenAt("key 150"), recent.seenAt("key 149")]).toEqual([249, 150, Number.NEGATIVE_INFINITY]);
});

it("does not forget a key when its older position is overwritten", () => {
  const recent = new RecentKeys(4);
  for (const [now, key] of ["a", "b", "a", "c", "d", "e"].entries()) recent.remember(key, now);
  expect([recent.seenAt("a"), recent.seenAt("b")]).toEqual([2, Number.NEGATIVE_INFINITY]);
  expect([recent.forget("a"), recent.forget("a"), recent.seenAt("a")]).toEqual([true, false, Number.NEGATIVE_INFINITY]);
});

it("rarely confuses two keys", () => {
  const recent = new RecentKeys(10_000);
  for (let n = 0; n < 10_000; n++) recent.remember(`seen ${n}`, 0);
  let confused = 0;
  for (let n = 0; n < 100_000; n++) if (recent.seenAt(`not seen ${n}`) === 0) confused += 1;
  expect(confused).toBeLessThan(10); // expected: 10 000 x 100 000 / 2^30
});

it("keeps its times while it grows", () => {
  const recent = new RecentKeys(1_000);
  for (let n = 0; n < 300; n++) recent.remember(`key ${n}`, 1_000 + n);
  for (const n of [0, 63, 64, 128, 299]) expect(recent.seenAt(`key ${n}`)).toBe(1_000 + n);
  recent.clear();
  expect([recent.size, recent.seenAt("key 1")]).toEqual([0, Number.NEGATIVE_INFINITY]);
});

it("takes memory for the keys that it has, not for those that it could have", () => {
  const recent = new RecentKeys(2 ** 40); // no array is so long
  for (let n = 0; n < 300; n++) recent.remember(`key ${n}`, n);
  expect([recent.size, recent.seenAt("key 299")]).toEqual([300, 299]);
});

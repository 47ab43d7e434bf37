// Values that are made again only where what they are made of has become another object.
import { expect, it } from "vitest";
import { Derived } from "../../../core/config/derived.ts";

it("makes a value once for the same objects, and again for others", () => {
  const derived = new Derived<object, object>();
  const [key, from] = [{}, {}];
  const first = derived.get(key, [from, "text", 1], () => ({ is: 1 }));
  expect(derived.get(key, [from, "text", 1], () => ({ is: 2 }))).toBe(first);
  expect(derived.get(key, [{}, "text", 1], () => ({ is: 3 }))).toEqual({ is: 3 });
  expect(derived.get(key, [from, "text", 1], () => ({ is: 4 }))).toEqual({ is: 4 }); // only the latest one is remembered
});

it("takes fewer or more objects for others", () => {
  const derived = new Derived<object, number>();
  const key = {};
  derived.set(key, [1, 2], 5);
  expect([derived.find(key, [1, 2]), derived.find(key, [1]), derived.find(key, [1, 2, 3]), derived.find({}, [1, 2])]).toEqual([
    5,
    undefined,
    undefined,
    undefined,
  ]);
});

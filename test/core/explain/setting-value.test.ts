// Values of settings as they are shown.
import { expect, it } from "vitest";
import { parts, shown } from "../../../core/explain/setting-value.ts";

it.each([
  [undefined, null],
  [Number.POSITIVE_INFINITY, "unlimited"],
  [() => 1, "a function"],
  [new Set(["a"]), ["a"]],
  [new Map([["a", 1]]), '{"a":1}'],
  [{ a: 1 }, '{"a":1}'],
  [
    [1, [true]],
    [1, [true]],
  ],
  ["x".repeat(300), `${"x".repeat(197)}...`],
])("shows %o", (value, text) => {
  expect(shown(value)).toEqual(text);
});

it("bounds lists", () => {
  expect(shown(Array.from({ length: 100 }, (_, index) => index))).toHaveLength(32);
});

it("takes objects apart, and nothing else", () => {
  expect(parts({ a: 1, b: undefined })).toEqual([
    ["a", 1],
    ["b", null],
  ]);
  expect(parts(["a"])).toEqual([["", ["a"]]]);
  expect(parts(undefined)).toEqual([["", null]]);
});

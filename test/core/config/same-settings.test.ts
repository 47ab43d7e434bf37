// What settings say, compared by value.
import { describe, expect, it } from "vitest";
import { sameSettings } from "../../../core/config/same-settings.ts";

const f = () => 0;
class Range {
  readonly from = 1;
}

describe("sameSettings", () => {
  it.each([
    { name: "numbers", one: 1, other: 1 },
    { name: "NaN and Infinity", one: [Number.NaN, Number.POSITIVE_INFINITY], other: [Number.NaN, Number.POSITIVE_INFINITY] },
    { name: "objects, whatever the order of their fields", one: { a: 1, b: [2] }, other: { b: [2], a: 1 } },
    { name: "a field that is undefined, and none", one: { a: undefined }, other: {} },
    { name: "none, and a field that is undefined", one: {}, other: { a: undefined } },
    { name: "maps", one: new Map([["a", { b: 1 }]]), other: new Map([["a", { b: 1 }]]) },
    { name: "sets", one: new Set(["a", "b"]), other: new Set(["a", "b"]) },
    { name: "bytes", one: new Uint8Array([1, 2]), other: new Uint8Array([1, 2]) },
    { name: "one function", one: { of: f }, other: { of: f } },
  ])("finds the same in $name", ({ one, other }) => {
    expect(sameSettings(one, other)).toBe(true);
  });

  it.each([
    { name: "numbers", one: 1, other: 2 },
    { name: "a number and its text", one: 1, other: "1" },
    { name: "a list and its beginning", one: [1, 2], other: [1] },
    { name: "a list and an object", one: [], other: {} },
    { name: "a field more", one: { a: 1 }, other: { a: 1, b: 2 } },
    { name: "a field less", one: { a: 1, b: 2 }, other: { a: 1 } },
    { name: "null and an object", one: null, other: {} },
    { name: "maps with other values", one: new Map([["a", 1]]), other: new Map([["a", 2]]) },
    { name: "lists in another order", one: [1, 2], other: [2, 1] },
    { name: "bytes", one: new Uint8Array([1, 2]), other: new Uint8Array([1, 3]) },
    { name: "functions with the same text", one: { of: () => 1 }, other: { of: () => 1 } },
    { name: "instances of a class", one: new Range(), other: new Range() },
  ])("finds a difference in $name", ({ one, other }) => {
    expect(sameSettings(one, other)).toBe(false);
    expect(sameSettings(other, one)).toBe(false);
  });
});

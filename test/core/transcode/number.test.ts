// Numbers in text: exact, and nothing but numbers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFloat, readInteger } from "../../../core/transcode/number.ts";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

describe("readInteger", () => {
  it.each([
    ["0", 0n],
    ["-0", 0n],
    ["-7", -7n],
    ["1.0", 1n],
    ["1e2", 100n],
    ["1.50e1", 15n],
    ["1200E-2", 12n],
    ["0.0001e4", 1n],
    ["0e999999999", 0n],
    ["9223372036854775807", MAX],
    ["-9223372036854775808", MIN],
    ["9.223372036854775807e18", MAX],
  ])("reads %s", (text, value) => {
    expect(readInteger(text, MIN, MAX)).toBe(value);
  });

  it.each([
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "1.",
    ".5",
    "1.5",
    "15e-1",
    "1e-999",
    "1e999999999",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "null",
    "9223372036854775808",
  ])("refuses %j", (text) => {
    expect(readInteger(text, MIN, MAX)).toBeUndefined();
  });

  it("reads back every integer of 64 bits, with and without an exponent", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MIN, max: MAX }), fc.nat(30), (value, shift) => {
        expect(readInteger(String(value), MIN, MAX)).toBe(value);
        const padded = value === 0n ? "0" : `${value}${"0".repeat(shift)}`;
        expect(readInteger(`${padded}e-${shift}`, MIN, MAX)).toBe(value);
      }),
    );
  });
});

describe("readFloat", () => {
  it.each([
    ["1.5e3", 1500],
    ["-0.25", -0.25],
    ["NaN", Number.NaN],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["1e-400", 0],
  ])("reads %s", (text, value) => {
    expect(readFloat(text, Number.MAX_VALUE)).toBe(value);
  });

  it.each(["", "inf", "1e400", "1.", "0x1", "nan", " 1"])("refuses %j", (text) => {
    expect(readFloat(text, Number.MAX_VALUE)).toBeUndefined();
  });
});

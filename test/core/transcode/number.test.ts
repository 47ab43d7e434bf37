// Numbers in text: exact, and nothing but numbers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFloat, readFloat32, readInteger, roundToFloat32 } from "../../../core/transcode/number.ts";

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

describe("readInteger within bounds", () => {
  it.each([
    ["5", 5n],
    ["10", 10n],
    ["4", undefined],
    ["11", undefined],
    ["0", undefined],
    ["-5", undefined],
    ["0.5e1", 5n],
    ["0.05e2", 5n],
    ["0.005e3", 5n],
    ["100e-1", 10n],
  ])("reads %s as %s of 5 to 10", (text, value) => {
    expect(readInteger(text, 5n, 10n)).toBe(value);
  });

  it.each([
    ["0", 0n, 0n],
    ["0.00", 0n, 0n],
    ["-1", 0n, undefined],
    ["0", 1n, undefined],
    ["0", -1n, 0n],
  ])("reads %s where the least is %s as %s", (text, min, value) => {
    expect(readInteger(text, min, 10n)).toBe(value);
  });

  it("reads 20 digits, and no more, whatever the bound", () => {
    const most = 10n ** 30n;
    expect(readInteger("18446744073709551615", 0n, most)).toBe(2n ** 64n - 1n);
    expect(readInteger("1e19", 0n, most)).toBe(10n ** 19n);
    expect(readInteger("1e20", 0n, most)).toBeUndefined();
    expect(readInteger("1e+19", 0n, most)).toBe(10n ** 19n);
  });

  it.each(["1e", "1e+", "1.e1", "e1", "-", "--1", "1e1x", "x1", "00", "-01", "1e1.5"])("refuses %j", (text) => {
    expect(readInteger(text, MIN, MAX)).toBeUndefined();
    expect(readFloat32(text)).toBeUndefined();
  });

  it.each(["1", "0.1", "10.01", "12e-1", "0.01e1", "-1.5"])("takes %s for a whole number only where it is one", (text) => {
    const number = Number(text);
    expect(readInteger(text, MIN, MAX)).toBe(Number.isInteger(number) ? BigInt(number) : undefined);
  });
});

describe("readFloat within a magnitude", () => {
  it.each([
    ["10", 10],
    ["-10", -10],
    ["10.1", undefined],
    ["-10.1", undefined],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["NaN", Number.NaN],
    ["-NaN", undefined],
    ["+Infinity", undefined],
  ])("reads %s as %s of at most 10", (text, value) => {
    expect(readFloat(text, 10)).toBe(value);
  });
});

describe("32-bit floating point", () => {
  const MOST = 3.4028234663852886e38;

  it.each([
    ["1.5", 1.5],
    ["0.1", Math.fround(0.1)],
    ["-0", -0],
    ["3.4028234663852886e38", MOST],
    ["3.4028235e38", MOST],
    ["-3.4028235e38", -MOST],
    ["3.4028236e38", undefined],
    ["-3.4028236e38", undefined],
    ["1e39", undefined],
    ["1e400", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["", undefined],
    ["inf", undefined],
  ])("reads %s as %s", (text, value) => {
    expect(readFloat32(text)).toBe(value);
  });

  it.each([
    [0.1, 0.10000000149011612],
    [MOST, MOST],
    [-MOST, -MOST],
    [3.4028235e38, MOST],
    [-3.4028235e38, -MOST],
    [3.5e38, undefined],
    [-3.5e38, undefined],
  ])("rounds %d to %s", (value, clamped) => {
    expect(roundToFloat32(value)).toBe(clamped);
  });
});

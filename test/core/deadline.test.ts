// Timeouts as callers write them, and what of them is handed on.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConnectTimeout, parseGrpcTimeout, shorterTimeout, type Timeout, timeoutForNextHop } from "../../core/deadline.ts";

describe("parseConnectTimeout", () => {
  it.each([
    [null, undefined],
    ["0", 0],
    ["200", 200],
    ["9999999999", 9_999_999_999],
  ])("reads %j", (header, ms) => {
    expect(parseConnectTimeout(header)).toEqual({ kind: "ok", ms });
  });

  it.each(["", "-1", "1.5", "10s", "12345678901", " 5", "1e3", "٣"])("refuses %j, and says what it wants", (header) => {
    expect(parseConnectTimeout(header)).toMatchObject({ kind: "invalid", problem: expect.stringContaining("1 to 10 digits") });
  });
});

describe("parseGrpcTimeout", () => {
  it.each([
    [null, undefined],
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["250m", 250],
    ["1500u", 1],
    ["99999999n", 99],
    ["0S", 0],
  ])("reads %j", (header, ms) => {
    expect(parseGrpcTimeout(header)).toEqual({ kind: "ok", ms });
  });

  it.each(["", "5", "5s", "123456789m", "-1S", "1.5S", "S", "5mS", "1S1"])("refuses %j, and says what it wants", (header) => {
    expect(parseGrpcTimeout(header)).toMatchObject({ kind: "invalid", problem: expect.stringContaining("H M S m u n") });
  });

  it("keeps what it repeats of a hostile header short", () => {
    expect(parseGrpcTimeout("x".repeat(10_000))).toMatchObject({ problem: expect.stringMatching(/^.{1,120}$/) });
  });
});

describe("shorterTimeout", () => {
  const of = (ms: number | undefined): Timeout => ({ kind: "ok", ms });
  const invalid: Timeout = { kind: "invalid", problem: "p" };
  const other: Timeout = { kind: "invalid", problem: "q" };

  it.each([
    [of(1), of(2), of(1)],
    [of(2), of(1), of(1)],
    [of(0), of(1), of(0)],
    [of(1), of(0), of(0)],
    [of(undefined), of(1), of(1)],
    [of(1), of(undefined), of(1)],
    [of(undefined), of(undefined), of(undefined)],
    [invalid, of(0), invalid],
    [of(0), invalid, invalid],
    [of(undefined), invalid, invalid],
    [invalid, of(undefined), invalid],
    [invalid, other, invalid],
  ])("of %j and %j is %j", (one, two, want) => expect(shorterTimeout(one, two)).toEqual(want));

  it("is the first where both are the same", () => {
    const first = of(5);
    expect(shorterTimeout(first, of(5))).toBe(first);
  });
});

describe("what is repeated of a header", () => {
  it("is 32 characters at most", () => {
    expect(parseConnectTimeout("x".repeat(32))).toEqual({
      kind: "invalid",
      problem: `connect-timeout-ms "${"x".repeat(32)}" is not 1 to 10 digits`,
    });
    expect(parseConnectTimeout("x".repeat(33))).toMatchObject({ problem: expect.stringContaining(`"${"x".repeat(32)}..."`) });
    expect(parseGrpcTimeout("5s")).toEqual({
      kind: "invalid",
      problem: 'grpc-timeout "5s" is not 1 to 8 digits and one of H M S m u n',
    });
  });
});

describe("timeoutForNextHop", () => {
  it("is a whole number below what is left, and at least 1", () => {
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1e9, noNaN: true }), (left) => {
        const next = timeoutForNextHop(left);
        expect(Number.isInteger(next) && next >= 1).toBe(true);
        if (left > 2) expect(next).toBeLessThan(left);
        expect(next).toBeGreaterThanOrEqual(left * 0.9 - 1 < 1 ? 1 : Math.min(left * 0.9 - 1, left - 21));
      }),
    );
  });

  it.each([
    [15_000, 14_980],
    [200, 180],
    [100, 90],
    [1, 1],
    [-5, 1],
  ])("of %d ms leaves %d", (left, next) => {
    expect(timeoutForNextHop(left)).toBe(next);
  });
});

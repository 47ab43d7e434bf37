// How many gateways a request has been through, and when it goes no further.
import { describe, expect, it } from "vitest";
import { MAX_HOPS, nextHop } from "../../../core/protocol/hops.ts";

const circle = (hops: number) => ({ problem: `request has been through ${hops} gateways, as if they called one another in a circle` });

describe("nextHop", () => {
  it.each([
    ["7", null, 8],
    [null, "tidegate, TideGate ;x=1,tidegate", 4],
    ["2", "tidegate, tidegate, tidegate", 4],
    ["5", "tidegate", 6],
    ["no number", null, 1],
    ["-9", "xtidegate, tidegatex, a;tidegate", 1],
    [null, '"tidegate, tidegate"', 1],
    [null, '"a\\", tidegate, tidegate"', 1],
    [null, null, 1],
    [null, "", 1],
    ["1", 'other;loops=1, "x;y", tidegate; a="b, tidegate"', 2],
  ])("counts %j and %j as hop %d", (hops, loop, want) => expect(nextHop(hops, loop)).toBe(want));

  it.each([
    ["8", null, 8],
    ["999999", null, 999_999],
    [null, Array(8).fill("tidegate").join(","), 8],
    ["1", Array(9).fill("tidegate;loops=1").join(" , "), 9],
  ])("ends a circle: %j and %j", (hops, loop, counted) => expect(nextHop(hops, loop)).toEqual(circle(counted)));

  it("lets a request through eight gateways, and no ninth, where something on the way drops one of the headers", () => {
    for (let hop = 1; hop <= MAX_HOPS; hop++) {
      expect(nextHop(String(hop - 1), null)).toBe(hop);
      expect(
        nextHop(
          null,
          Array(hop - 1)
            .fill("tidegate")
            .join(", "),
        ),
      ).toBe(hop);
    }
    expect([nextHop("8", null), nextHop(null, Array(8).fill("tidegate").join(", "))]).toEqual([circle(8), circle(8)]);
  });

  it("bounds the length of CDN-Loop", () => {
    expect(nextHop(null, "x".repeat(1_024))).toBe(1);
    expect(nextHop(null, "x".repeat(1_025))).toEqual({ problem: "CDN-Loop is longer than 1024 characters" });
  });

  it("reads a list that is made to be slow in linear time", () => {
    expect(nextHop(null, '"\\'.repeat(512))).toBe(1);
    expect(nextHop(null, '"'.repeat(1_023))).toBe(1);
  });
});

// The level of calls that a host wants its callers to shed.
import { describe, expect, it } from "vitest";
import { isShedAt, ShedLevel } from "../../../core/overload/shed-level.ts";

describe("the shed level of a host", () => {
  const levelAfter = (calls: number, refused: number, rank = 1, forMs = 100): number => {
    const level = new ShedLevel();
    for (let n = 0; n < calls; n++) level.record(rank, n < refused, n === calls - 1 ? forMs : 0);
    return level.at(forMs);
  };

  it("rises where more than a tenth is refused, to the lowest of their ranks plus a fifth of the share", () => {
    expect(levelAfter(20, 2)).toBe(0);
    expect(levelAfter(20, 3)).toBeCloseTo(1 + 0.2 * 0.15, 9);
    expect(levelAfter(20, 20, 0)).toBeCloseTo(0.2, 9);
    expect(levelAfter(20, 20, 3)).toBe(2);
    expect(levelAfter(9, 9)).toBe(0); // too few calls
    expect(levelAfter(10, 10)).toBeCloseTo(1.2, 9);
    expect(levelAfter(10, 10, 1, 99)).toBe(0); // too soon
    expect(levelAfter(9, 9, 1, 1_000)).toBeCloseTo(1.2, 9);
  });

  it("does not fall with 3 % refused, and falls with less", () => {
    const levelWith = (refused: number): number => {
      const level = new ShedLevel();
      for (let n = 0; n < 20; n++) level.record(0, true, n === 19 ? 100 : 0);
      for (let n = 0; n < 100; n++) level.record(0, n < refused, n === 99 ? 200 : 150);
      return level.at(200);
    };
    expect([levelWith(3), levelWith(10)]).toEqual([0.2, 0.2]);
    expect(levelWith(2)).toBeCloseTo(0.18, 9);
  });

  it("falls by 0.02 each 100 ms where fewer than 3 % are refused, and does not change in between", () => {
    const level = new ShedLevel();
    for (let n = 0; n < 20; n++) level.record(0, true, n === 19 ? 100 : 0);
    const risen = level.at(100);
    for (let n = 0; n < 50; n++) level.record(0, n < 2, n === 49 ? 200 : 150); // 4 %
    expect(level.at(200)).toBe(risen);
    for (let n = 0; n < 50; n++) level.record(0, n < 1, n === 49 ? 300 : 250); // 2 %
    expect(level.at(300)).toBeCloseTo(risen - 0.02, 9);
    expect(level.at(1_299)).toBeCloseTo(risen - 0.02, 9);
    expect(level.at(1_300)).toBe(0);
  });

  it("sheds lower ranks entirely, and its own rank in part", () => {
    expect([isShedAt(1, 1, 0), isShedAt(1.5, 1, 0.49), isShedAt(1.5, 1, 0.5), isShedAt(3, 1, 0.999)]).toEqual([false, true, false, true]);
  });
});

describe("the shed level over time", () => {
  const play = (level: ShedLevel, from: number, ms: number, refuses: (rank: number) => boolean) => {
    for (let now = from; now < from + ms; now += 5) level.record((now / 5) % 4, refuses((now / 5) % 4), now);
    return level.at(from + ms);
  };

  it("rises while the host refuses, at most to 2, and falls while it does not", () => {
    const level = new ShedLevel();
    expect(play(level, 0, 1_000, () => false)).toBe(0);
    const risen = play(level, 1_000, 5_000, (rank) => rank === 0);
    expect(risen).toBeGreaterThan(0.2);
    expect(play(level, 6_000, 60_000, () => true)).toBe(2);
    expect(play(level, 66_000, 60_000, () => false)).toBe(0);
  });

  it("falls while no calls come", () => {
    const level = new ShedLevel();
    play(level, 0, 10_000, () => true);
    expect(level.at(200_000)).toBe(0);
  });
});

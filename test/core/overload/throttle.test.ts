// Client throttling: it holds back no call while most are accepted, and sends about twice the accepted ones while most are not.
import { describe, expect, it } from "vitest";
import { Throttle } from "../../../core/overload/throttle.ts";
import { randomStream } from "../../simulation/simulation.ts";

/** A call every 10 ms, of which the upstream accepts `accepts` a second. @returns calls sent in the last second */
function play(throttle: Throttle, accepts: number, seconds: number, from = 0, rank = 2): number {
  const rng = randomStream(5);
  let sent = 0;
  let acceptsFrom = 0;
  for (let second = from; second < from + seconds; second++) {
    sent = 0;
    for (let n = 0; n < 100; n++) {
      const now = second * 1_000 + n * 10;
      if (throttle.refuses(rank, now, rng())) continue;
      sent += 1;
      const isAccepted = now >= acceptsFrom;
      if (isAccepted) acceptsFrom = Math.max(acceptsFrom, now - 500) + 1_000 / accepts;
      throttle.record(rank, isAccepted, now);
    }
  }
  return sent;
}

describe("a throttle", () => {
  it("holds no call back while at least half is accepted, or with too few calls", () => {
    expect(play(new Throttle({ factor: 2, minCalls: 20 }), 50, 30)).toBe(100);
    const fresh = new Throttle({ factor: 2, minCalls: 20 });
    for (let n = 0; n < 19; n++) fresh.record(2, false, 0);
    expect(fresh.refuses(2, 0, 0)).toBe(false);
    fresh.record(2, false, 0);
    expect(fresh.refuses(2, 0, 0)).toBe(true);
  });

  it("counts a call that is sent in any case once, by its outcome", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 4 });
    for (let n = 0; n < 4; n++) throttle.record(2, false, 0);
    for (let n = 0; n < 6; n++) {
      expect(throttle.refuses(2, 0, 0, true)).toBe(n < 4); // 4 refused of 4 + n, of which n are accepted
      throttle.record(2, true, 0);
    }
  });

  it("sends about twice of what is accepted, and always some", () => {
    const sent = play(new Throttle({ factor: 2, minCalls: 20 }), 10, 40);
    expect(sent).toBeGreaterThan(14);
    expect(sent).toBeLessThan(32);
    expect(play(new Throttle({ factor: 2, minCalls: 20 }), 0, 40)).toBeGreaterThan(2);
  });

  it("forgets once ten in a row are accepted, and otherwise within ten seconds", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    play(throttle, 0, 20);
    expect(play(throttle, 100, 4, 20)).toBe(100);
    play(throttle, 0, 20, 24);
    expect(throttle.refuses(2, 43_999, 0)).toBe(true);
    expect(throttle.refuses(2, 55_000, 0)).toBe(false);
  });

  it("counts each rank by itself", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    play(throttle, 0, 20, 0, 0);
    expect(throttle.refuses(0, 19_999, 0)).toBe(true);
    expect(throttle.refuses(2, 19_999, 0)).toBe(false);
  });

  it("counts in the current slice where the clock steps back", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 1 });
    for (let n = 0; n < 10; n++) throttle.record(2, false, 50_000);
    expect(throttle.refuses(2, 10_000, 0)).toBe(true);
  });

  it.each([
    [19, 0, 0, false], // too few
    [20, 0, 0.899, true],
    [20, 0, 0.9, false], // some calls notice a recovery
    [20, 10, 0, false], // half is accepted
    [20, 9, 0.09, true], // 2 of 21
    [20, 9, 0.096, false],
    [20, 20, 0, false],
    [40, 10, 0.48, true], // 20 of 41
    [40, 10, 0.49, false],
  ])("of %i calls with %i accepted, the random number %d holds a call back: %s", (calls, accepted, random, want) => {
    for (const rank of [0, 1, 2, 3]) {
      const throttle = new Throttle({ factor: 2, minCalls: 20 });
      for (let n = 0; n < calls; n++) throttle.record(rank, n < accepted, 5_000);
      expect(throttle.refuses(rank, 5_000, random)).toBe(want);
    }
  });

  it("counts a call that it holds back as one not accepted", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 1 });
    for (let n = 0; n < 3; n++) throttle.record(1, n === 0, 0);
    expect(throttle.refuses(1, 0, 0.3)).toBe(false); // 1 of 4
    expect(throttle.refuses(1, 0, 0.2)).toBe(true);
    expect(throttle.refuses(1, 0, 0.3)).toBe(true); // 2 of 5
  });

  const many = (throttle: Throttle, rank: number, isAccepted: boolean, calls: number, now: number): void => {
    for (let n = 0; n < calls; n++) throttle.record(rank, isAccepted, now);
  };

  it.each([0, 1, 2, 3])("forgets the calls of rank %i, and of no other, once ten in a row are accepted", (rank) => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    const others = [0, 1, 2, 3].filter((other) => other !== rank);
    for (let second = 10; second < 18; second++) for (const each of [0, 1, 2, 3]) many(throttle, each, false, 30, second * 1_000);
    many(throttle, rank, true, 9, 18_000);
    expect(throttle.refuses(rank, 18_000, 0)).toBe(true);
    many(throttle, rank, false, 1, 18_000); // the row is broken
    many(throttle, rank, true, 9, 18_000);
    expect(throttle.refuses(rank, 18_000, 0)).toBe(true);
    many(throttle, rank, true, 1, 18_000);
    expect(throttle.refuses(rank, 18_000, 0)).toBe(false);
    for (const other of others) expect(throttle.refuses(other, 18_000, 0.5)).toBe(true);
    // Forgotten calls are not subtracted again: 21 refused calls count as such for their whole time.
    many(throttle, rank, false, 21, 19_000);
    for (let now = 19_000; now < 29_000; now += 500) expect([now, throttle.refuses(rank, now, 0.89)]).toEqual([now, true]);
    // The calls of other ranks were not forgotten, and expire in time.
    for (const other of others) expect(throttle.refuses(other, 29_000, 0)).toBe(false);
  });

  it("forgets nothing while enough is accepted: accepted calls count as long as refused ones", () => {
    const healthy = new Throttle({ factor: 2, minCalls: 20 });
    many(healthy, 2, true, 100, 0);
    many(healthy, 2, false, 90, 1_000);
    expect(healthy.refuses(2, 1_000, 0)).toBe(false);
    many(healthy, 2, false, 11, 1_000);
    expect(healthy.refuses(2, 1_000, 0)).toBe(true);
    const even = new Throttle({ factor: 2, minCalls: 20 });
    many(even, 2, false, 10, 0);
    many(even, 2, true, 10, 0); // just half is accepted
    many(even, 2, false, 10, 0);
    expect(even.refuses(2, 0, 0)).toBe(true); // 20 of 30, not 10 of 10
  });

  it("counts a slice for ten seconds, and drops all of them after a pause", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    many(throttle, 0, false, 10, 3_000);
    many(throttle, 0, false, 10, 4_999);
    expect(throttle.refuses(0, 12_999, 0.8)).toBe(true);
    expect(throttle.refuses(0, 13_000, 0)).toBe(false);
    many(throttle, 0, false, 30, 13_000);
    expect(throttle.refuses(0, 13_000_000, 0)).toBe(false);
    many(throttle, 0, true, 10, 13_000_000);
    many(throttle, 0, false, 10, 13_000_000);
    expect(throttle.refuses(0, 13_000_000, 0)).toBe(false); // half of 20: nothing old is left
  });
});

describe("a throttle at its bounds", () => {
  const factor = 2;
  const recorded = (calls: number, accepted: number, minCalls = 1): Throttle => {
    const throttle = new Throttle({ factor, minCalls });
    for (let n = 0; n < calls; n++) throttle.record(1, n < accepted, 0);
    return throttle;
  };

  it("holds back the share (calls - factor x accepted) / (calls + 1), and at most 0.9", () => {
    expect([recorded(10, 5).refuses(1, 0, 0), recorded(11, 5).refuses(1, 0, 0)]).toEqual([false, true]);
    const share = (20 - 2 * 4) / 21;
    expect([recorded(20, 4).refuses(1, 0, share - 0.001), recorded(20, 4).refuses(1, 0, share)]).toEqual([true, false]);
    expect([recorded(99, 0).refuses(1, 0, 0.899), recorded(99, 0).refuses(1, 0, 0.9)]).toEqual([true, false]);
    expect([recorded(9, 0, 10).refuses(1, 0, 0), recorded(10, 0, 10).refuses(1, 0, 0)]).toEqual([false, true]);
    expect([0, 2, 3].map((rank) => recorded(99, 0).refuses(rank, 0, 0))).toEqual([false, false, false]);
  });

  it("counts a call that it holds back as not accepted, and forgets each second after ten", () => {
    const throttle = recorded(4, 2);
    throttle.record(1, false, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true); // 5 calls, 2 accepted
    throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true); // 7 calls, 3 accepted: the call that was held back counts
    expect([recorded(9, 0).refuses(1, 9_999, 0), recorded(9, 0).refuses(1, 10_000, 0)]).toEqual([true, false]);
  });

  it("forgets after ten accepted in a row, where it holds back", () => {
    const throttle = recorded(60, 0);
    for (let n = 0; n < 9; n++) throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true);
    throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(false);
    const broken = recorded(60, 0);
    for (let n = 0; n < 19; n++) broken.record(1, n !== 9, 0);
    expect(broken.refuses(1, 0, 0)).toBe(true); // never ten in a row
  });
});

// What is done against overload, at the bounds of each rule.
import { describe, expect, it } from "vitest";
import { Admission } from "../../../core/overload/admission.ts";
import { ConcurrencyLimiter } from "../../../core/overload/concurrency-limiter.ts";
import { GradientLimit } from "../../../core/overload/gradient.ts";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";
import { isShedAt, ShedLevel } from "../../../core/overload/shed-level.ts";
import { Sojourn } from "../../../core/overload/sojourn.ts";
import { Throttle } from "../../../core/overload/throttle.ts";

describe("a queue", () => {
  const one = (since: number, rank = 2, deadlineAt = 9e9): QueuedCall => ({ since, rank, deadlineAt });

  it("stands when it has not been empty for more than 100 ms; then nobody waits longer than 20 ms", () => {
    const served = (now: number) => {
      const queue = new WaitQueue<QueuedCall>(9);
      queue.offer(one(0), 0);
      queue.offer(one(80), 80);
      queue.offer(one(90), 90);
      const { next, dropped } = queue.next(now);
      return [next?.since, dropped.map(({ since }) => since), queue.size];
    };
    expect(served(100)).toEqual([0, [], 2]);
    expect(served(101)).toEqual([90, [0, 80], 0]);
    expect(served(110)).toEqual([90, [0, 80], 0]);
    expect(served(111)).toEqual([undefined, [0, 80, 90], 0]);
  });

  it("serves nobody at the deadline, and the first of equals while it does not stand", () => {
    const queue = new WaitQueue<QueuedCall>(9);
    for (const each of [one(0, 2, 10), one(1, 2), one(2, 2), one(3, 1)]) queue.offer(each, each.since);
    const { next, dropped } = queue.next(10);
    expect([next?.since, dropped.map(({ since }) => since)]).toEqual([1, [0]]);
    const left = queue.next(11).next!;
    queue.remove(left);
    queue.remove(one(99));
    expect([left.since, queue.size]).toEqual([2, 1]);
  });

  it("serves the most critical one while it stands, and of equals the newest", () => {
    const queue = new WaitQueue<QueuedCall>(9);
    for (const each of [one(0, 1), one(95, 2), one(96, 3), one(97, 3), one(98, 1)]) queue.offer(each, each.since);
    expect([101, 102, 103, 104, 105].map((now) => queue.next(now).next?.since)).toEqual([97, 96, 95, 98, undefined]);
  });

  it("refuses the newcomer of a queue without places", () => {
    const queue = new WaitQueue<QueuedCall>(0);
    const late = one(0);
    expect(queue.offer(late, 0)).toBe(late);
    expect(queue.size).toBe(0);
  });
});

describe("a throttle", () => {
  const factor = 2;
  const ended = (calls: number, accepted: number, minCalls = 1): Throttle => {
    const throttle = new Throttle({ factor, minCalls });
    for (let n = 0; n < calls; n++) throttle.record(1, n < accepted, 0);
    return throttle;
  };

  it("refuses the share (calls - factor x accepted) / (calls + 1), and at most 0.9", () => {
    expect([ended(10, 5).refuses(1, 0, 0), ended(11, 5).refuses(1, 0, 0)]).toEqual([false, true]);
    const share = (20 - 2 * 4) / 21;
    expect([ended(20, 4).refuses(1, 0, share - 0.001), ended(20, 4).refuses(1, 0, share)]).toEqual([true, false]);
    expect([ended(99, 0).refuses(1, 0, 0.899), ended(99, 0).refuses(1, 0, 0.9)]).toEqual([true, false]);
    expect([ended(9, 0, 10).refuses(1, 0, 0), ended(10, 0, 10).refuses(1, 0, 0)]).toEqual([false, true]);
    expect([0, 2, 3].map((rank) => ended(99, 0).refuses(rank, 0, 0))).toEqual([false, false, false]);
  });

  it("counts what it refuses as not accepted, and forgets each second after ten", () => {
    const throttle = ended(4, 2);
    throttle.record(1, false, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true); // 5 calls, 2 accepted
    throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true); // 7 calls, 3 accepted: the refused one counts
    expect([ended(9, 0).refuses(1, 9_999, 0), ended(9, 0).refuses(1, 10_000, 0)]).toEqual([true, false]);
  });

  it("forgives after ten accepted in a row, where it holds back", () => {
    const throttle = ended(60, 0);
    for (let n = 0; n < 9; n++) throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(true);
    throttle.record(1, true, 0);
    expect(throttle.refuses(1, 0, 0)).toBe(false);
    const broken = ended(60, 0);
    for (let n = 0; n < 19; n++) broken.record(1, n !== 9, 0);
    expect(broken.refuses(1, 0, 0)).toBe(true); // never ten in a row
  });
});

describe("the level that a host tells", () => {
  const seen = (calls: number, refused: number, rank = 1, forMs = 100): number => {
    const level = new ShedLevel();
    for (let n = 0; n < calls; n++) level.record(rank, n < refused, n === calls - 1 ? forMs : 0);
    return level.at(forMs);
  };

  it("rises where more than a tenth is refused, to the least of their ranks and a fifth of the share", () => {
    expect(seen(20, 2)).toBe(0);
    expect(seen(20, 3)).toBeCloseTo(1 + 0.2 * 0.15, 9);
    expect(seen(20, 20, 0)).toBeCloseTo(0.2, 9);
    expect(seen(20, 20, 3)).toBe(2);
    expect(seen(9, 9)).toBe(0); // too few
    expect(seen(10, 10)).toBeCloseTo(1.2, 9);
    expect(seen(10, 10, 1, 99)).toBe(0); // too soon
    expect(seen(9, 9, 1, 1_000)).toBeCloseTo(1.2, 9);
  });

  it("falls by 0.02 each 100 ms where fewer than 3 % are refused, and stays in between", () => {
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

  it("sheds ranks below it whole, and its own rank in part", () => {
    expect([isShedAt(1, 1, 0), isShedAt(1.5, 1, 0.49), isShedAt(1.5, 1, 0.5), isShedAt(3, 1, 0.999)]).toEqual([false, true, false, true]);
  });
});

describe("a limiter", () => {
  it("tells callers apart from a quarter of its limit on", () => {
    const limiter = new ConcurrencyLimiter({ max: 8, floor: undefined });
    expect(limiter.limit).toBe(8);
    limiter.begin(0, 100, 0);
    expect(limiter.needsKey(0)).toBe(false);
    const permit = limiter.begin(0, 100, 0);
    expect(limiter.needsKey(0)).toBe(true);
    limiter.end(permit, 0, true);
    limiter.end(permit, 0, true);
    expect(limiter.inFlight(0)).toBe(1);
  });

  it("learns from evident ends alone, where it adapts", () => {
    const grown = (isEvident: boolean): number => {
      const limiter = new ConcurrencyLimiter({ max: 1_000, floor: 5 });
      for (let now = 0; now < 20_000; now += 10) {
        const permits = Array.from({ length: 15 }, () => limiter.begin(now, now + 1_000, 0));
        for (const permit of permits) limiter.end(permit, now + 10, isEvident);
      }
      return limiter.limit;
    };
    expect(grown(false)).toBe(20);
    expect(grown(true)).toBeGreaterThan(30);
  });
});

describe("a gradient", () => {
  const look = (gradient: GradientLimit, tookMs: number, inFlight: number, from: number, samples = 20): number => {
    for (let n = 0; n < samples; n++) gradient.sample(tookMs, inFlight, from + (n * 200) / (samples - 1));
    return from + 200;
  };

  it("starts at 20 within its bounds, and learns after 200 ms and 20 samples", () => {
    expect([
      new GradientLimit({ floor: 4, ceiling: 100 }).limit,
      new GradientLimit({ floor: 30, ceiling: 100 }).limit,
      new GradientLimit({ floor: 4, ceiling: 9 }).limit,
    ]).toEqual([20, 30, 9]);
    const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
    for (let n = 0; n < 19; n++) gradient.sample(10, 20, n * 100);
    expect(gradient.baseMs).toBe(0);
    gradient.sample(10, 20, 1_900);
    expect(gradient.baseMs).toBe(10);
    const slow = new GradientLimit({ floor: 4, ceiling: 100 });
    slow.sample(10, 20, 0);
    slow.sample(10, 20, 1_999);
    expect(slow.baseMs).toBe(0);
    slow.sample(10, 20, 2_000);
    expect(slow.baseMs).toBe(10);
  });

  it("grows by 1.5 before smoothing while calls do not wait, and shrinks by at most a half while they do", () => {
    const gradient = new GradientLimit({ floor: 1, ceiling: 1_000 });
    const at = look(gradient, 100, 20, 0);
    expect(gradient.limit).toBe(24); // 20 + 0.4 x (30 - 20)
    look(gradient, 1_000, 24, at + 1);
    expect(gradient.limit).toBe(Math.floor(24 + 0.4 * (24 * 0.5 + Math.sqrt(24) - 24)));
  });

  it("keeps a limit that nobody reaches, a hundredth less with each look", () => {
    const gradient = new GradientLimit({ floor: 1, ceiling: 1_000 });
    look(gradient, 100, 6, 0); // below 0.35 of 20
    expect(gradient.limit).toBe(19); // 19.8
    expect(gradient.baseMs).toBe(100);
    expect(gradient.isProbing).toBe(false);
  });
});

describe("an admission", () => {
  it("gives each rank its share of the most that may be in flight", () => {
    const turned = (inFlight: number) => {
      const host = new Admission({ max: 100, floor: 100 });
      for (let n = 0; n < inFlight; n++) host.begin(0, 1_000);
      return [0, 1, 2, 3].map((rank) => host.refusal(rank, Number.POSITIVE_INFINITY, 0));
    };
    const [no, level, full] = [undefined, "level", "full"];
    expect([turned(59), turned(60), turned(79), turned(80), turned(94), turned(95), turned(99), turned(100)]).toEqual([
      [no, no, no, no],
      [level, no, no, no],
      [level, no, no, no],
      [level, level, no, no],
      [level, level, no, no],
      [level, level, level, no],
      [level, level, level, no],
      [full, full, full, full],
    ]);
  });
});

describe("the time a call would stay", () => {
  it("is known from ten responses on, at the pace of those", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(4, 0, 10);
    for (let n = 1; n <= 9; n++) sojourn.completed();
    expect(sojourn.predictedMs(50)).toBe(0);
    sojourn.completed();
    expect(sojourn.predictedMs(50)).toBeCloseTo(50 / 10, 9); // nobody has been there for long: one call at the pace of 10 in 50 ms
  });
});

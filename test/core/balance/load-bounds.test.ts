// What an isolate knows of an endpoint, in figures.
import { describe, expect, it } from "vitest";
import { Load } from "../../../core/balance/load.ts";

const ended = (load: Load, now: number, tookMs: number, cost = 1): boolean => load.end(load.begin(now, 9e9, cost), now, tookMs);

describe("calls in flight", () => {
  it("count their work, and end at their deadline to the ms", () => {
    const load = new Load();
    const permit = load.begin(0, 100, 2.5);
    load.begin(0, 50, 0.5);
    expect(permit).toEqual({ startedAt: 0, deadlineAt: 100, cost: 2.5 });
    expect([load.work(49), load.inFlight(49)]).toEqual([3, 2]);
    expect([load.work(50), load.inFlight(50)]).toEqual([2.5, 1]);
    expect([load.work(99), load.inFlight(99)]).toEqual([2.5, 1]);
    expect([load.inFlight(100), load.work(100)]).toEqual([0, 0]);
    load.begin(100, 300);
    expect(load.inFlight(299)).toBe(1);
    expect(load.end(permit, 120, 20)).toBe(false);
    expect(load.drop(permit)).toBe(false);
    expect(load.samples).toBe(0);
  });

  it("leave no work behind when the last one has ended, however their costs add up", () => {
    const load = new Load();
    const permits = [0.1, 0.2, 0.3].map((cost) => load.begin(0, 100, cost));
    for (const permit of permits) load.drop(permit);
    expect(load.work(0)).toBe(0);
    const [one, other] = [load.begin(0, 100, 3), load.begin(0, 100, 4)];
    load.drop(one!);
    expect(load.work(0)).toBe(4);
    load.drop(other!);
  });
});

describe("the averages", () => {
  it("forget over three seconds, and count a call for its cost", () => {
    const load = new Load();
    expect([load.averageMs, load.peakMs, load.lastSeenAt, load.samples]).toEqual([0, 0, 0, 0]);
    ended(load, 1_000, 100);
    expect([load.averageMs, load.peakMs, load.lastSeenAt, load.samples]).toEqual([100, 100, 1_000, 1]);
    ended(load, 4_000, 40);
    const old = Math.exp(-1);
    expect(load.averageMs).toBeCloseTo(old * 100 + (1 - old) * 40, 9);
    expect(load.peakMs).toBeCloseTo(old * 100 + (1 - old) * 40, 9);
    ended(load, 4_000, 4_000, 2); // 2 s for each unit of work; of the same ms, as if one later
    const same = Math.exp(-1 / 3_000);
    expect(load.averageMs).toBeCloseTo(same * (old * 100 + (1 - old) * 40) + (1 - same) * 2_000, 9);
    expect(load.peakMs).toBe(2_000);
    expect(load.samples).toBe(3);
  });
});

describe("what a call is expected to take", () => {
  it("is what was seen, at least a tenth of a ms", () => {
    const load = new Load();
    expect(load.expectedMs(0)).toBe(0);
    ended(load, 0, 0);
    expect(load.expectedMs(0)).toBe(0.1);
    ended(load, 100_000, 7);
    expect(load.expectedMs(100_000)).toBeCloseTo(7, 9);
    expect(load.expectedMs(200_000)).toBeCloseTo(7, 9);
  });

  it("is what the endpoint says of now, fading to what it usually says, and the way there", () => {
    const load = new Load();
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 30 }, 1_000, 40);
    expect(load.expectedMs(1_000)).toBeCloseTo(90, 9);
    expect(load.expectedMs(2_500)).toBeCloseTo(20 + 60 * Math.exp(-1) + 10, 9);
    expect(load.expectedMs(500)).toBeCloseTo(90, 9); // a clock that steps back
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 30 }, 1_000, 60);
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 10 + 0.2 * 20, 9);
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 99 }, 1_000, 60); // it took longer than we waited: clocks differ
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 14 - 0.2 * 14, 9);
    load.report({ predictedMs: 80, usualMs: 20 }, 1_000, 500);
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 11.2, 9);
  });

  it("averages itself what an endpoint does not say is usual", () => {
    const load = new Load();
    load.report({ predictedMs: 50 }, 0, 0);
    load.report({ predictedMs: 110 }, 60_000, 0);
    const usual = 50 + (1 - Math.exp(-1)) * 60;
    expect(load.expectedMs(1e9)).toBeCloseTo(usual, 6);
  });

  it("weighs a report like three and a half responses of now", () => {
    const load = new Load();
    ended(load, 0, 10);
    load.report({ predictedMs: 100, usualMs: 100 }, 0, 0);
    expect(load.expectedMs(0)).toBeCloseTo((10 + 350) / 4.5, 9);
    const old = Math.exp(-1);
    expect(load.expectedMs(3_000)).toBeCloseTo((old * 10 + 350) / (old + 3.5), 9);
    ended(load, 3_000, 10);
    expect(load.expectedMs(3_000)).toBeCloseTo(((old + 1) * 10 + 350) / (old + 1 + 3.5), 9);
    expect(load.expectedMs(2_000)).toBeCloseTo(((old + 1) * 10 + 350) / (old + 1 + 3.5), 9);
  });

  it("is not what an endpoint says that is doubted", () => {
    const load = new Load();
    load.report({ predictedMs: 5, usualMs: 5 }, 0, 0);
    expect(load.reportedMs).toBe(5);
    load.distrustReport();
    expect(load.reportedMs).toBe(0);
    expect(load.expectedMs(0)).toBe(0);
  });
});

it("was last heard of with its last response or report; a report that is doubted does not count", () => {
  const load = new Load();
  expect(load.lastSeenAt).toBe(0);
  ended(load, 1_000, 10);
  expect(load.lastSeenAt).toBe(1_000);
  load.report({ predictedMs: 5 }, 2_000, 0);
  expect(load.lastSeenAt).toBe(2_000);
  load.distrustReport();
  expect(load.lastSeenAt).toBe(1_000);
});

it("sheds a call on the endpoint's word, until that is over", () => {
  const load = new Load();
  load.shedLevel = 1.5;
  load.shedUntil = 100;
  expect([0, 1, 2].map((rank) => load.refuses(rank, 0.4, 99))).toEqual([true, true, false]);
  expect(load.refuses(1, 0.5, 99)).toBe(false);
  expect(load.refuses(0, 0.4, 100)).toBe(false);
});

// What an isolate measures of an endpoint, and what the endpoint reports.
import { describe, expect, it } from "vitest";
import { Load } from "../../../core/balance/load.ts";

describe("Load", () => {
  it("counts a call until it ends, and ends it once", () => {
    const load = new Load();
    const permit = load.begin(0, 1_000);
    expect(load.inFlight(1)).toBe(1);
    expect(load.end(permit, 10, 10)).toBe(true);
    expect(load.end(permit, 11, 500)).toBe(false);
    expect(load.inFlight(11)).toBe(0);
    expect(load.averageMs).toBe(10);
  });

  it("counts a call that never ends until its deadline: nothing leaks", () => {
    const load = new Load();
    for (let at = 0; at < 100; at++) load.begin(at, 1_000 + at);
    expect(load.inFlight(999)).toBe(100);
    expect(load.inFlight(1_049)).toBe(50);
    expect(load.inFlight(1_099)).toBe(0);
  });

  it("forgets old times: after 30 seconds only the newest one counts", () => {
    const load = new Load();
    load.end(load.begin(0, 9e9), 0, 1_000);
    load.end(load.begin(30_000, 9e9), 30_000, 10);
    expect(load.averageMs).toBeCloseTo(10, 0);
  });

  it("rises at once and falls slowly at the peak", () => {
    const load = new Load();
    load.end(load.begin(0, 9e9), 0, 10);
    load.end(load.begin(0, 9e9), 100, 500);
    expect(load.peakMs).toBe(500);
    expect(load.averageMs).toBeLessThan(50);
    load.end(load.begin(0, 9e9), 200, 10);
    expect(load.peakMs).toBeGreaterThan(450);
  });

  it("follows the report where there are few responses, and the responses where there are many", () => {
    const load = new Load();
    expect(load.expectedMs(0)).toBe(0);
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 20 }, 0, 25);
    expect(load.expectedMs(0)).toBeCloseTo(85); // predicted, and 5 ms on the network
    expect(load.expectedMs(60_000)).toBeCloseTo(25, 1); // the prediction has faded to the usual time
    for (let at = 60_000; at < 63_000; at += 10) load.end(load.begin(at, 9e9), at, 200);
    expect(load.expectedMs(63_000)).toBeGreaterThan(190);
  });

  it("ignores the report of an endpoint that failed until the next report", () => {
    const load = new Load();
    load.report({ predictedMs: 1, usualMs: 1 }, 0, 1);
    load.end(load.begin(0, 9e9), 0, 1_000);
    load.distrustReport();
    expect(load.expectedMs(1)).toBe(1_000);
    load.report({ predictedMs: 10, usualMs: 10 }, 30_000, 10);
    expect(load.expectedMs(30_000)).toBeLessThan(20);
  });

  it("changes no time when an attempt is dropped", () => {
    const load = new Load();
    expect(load.drop(load.begin(0, 9e9))).toBe(true);
    expect(load.samples).toBe(0);
    expect(load.inFlight(0)).toBe(0);
  });
});

const ended = (load: Load, now: number, tookMs: number, cost = 1): boolean => load.end(load.begin(now, 9e9, cost), now, tookMs);

describe("calls in flight", () => {
  it("sum up their costs, and expire at their deadline to the ms", () => {
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

  it("leave no work behind when the last one has ended, whatever the rounding of sums", () => {
    const load = new Load();
    const permits = [0.1, 0.2, 0.3].map((cost) => load.begin(0, 100, cost));
    for (const permit of permits) load.drop(permit);
    expect(load.work(0)).toBe(0);
    const [first, second] = [load.begin(0, 100, 3), load.begin(0, 100, 4)];
    load.drop(first!);
    expect(load.work(0)).toBe(4);
    load.drop(second!);
  });
});

describe("the averages", () => {
  it("forget within three seconds, and divide a call by its cost", () => {
    const load = new Load();
    expect([load.averageMs, load.peakMs, load.lastSeenAt, load.samples]).toEqual([0, 0, 0, 0]);
    ended(load, 1_000, 100);
    expect([load.averageMs, load.peakMs, load.lastSeenAt, load.samples]).toEqual([100, 100, 1_000, 1]);
    ended(load, 4_000, 40);
    const retained = Math.exp(-1);
    expect(load.averageMs).toBeCloseTo(retained * 100 + (1 - retained) * 40, 9);
    expect(load.peakMs).toBeCloseTo(retained * 100 + (1 - retained) * 40, 9);
    ended(load, 4_000, 4_000, 2); // 2 s per unit of cost; at the same ms it counts as 1 ms later
    const same = Math.exp(-1 / 3_000);
    expect(load.averageMs).toBeCloseTo(same * (retained * 100 + (1 - retained) * 40) + (1 - same) * 2_000, 9);
    expect(load.peakMs).toBe(2_000);
    expect(load.samples).toBe(3);
  });
});

describe("the expected time of a call", () => {
  it("is the mean of the responses, at least 0.1 ms", () => {
    const load = new Load();
    expect(load.expectedMs(0)).toBe(0);
    ended(load, 0, 0);
    expect(load.expectedMs(0)).toBe(0.1);
    ended(load, 100_000, 7);
    expect(load.expectedMs(100_000)).toBeCloseTo(7, 9);
    expect(load.expectedMs(200_000)).toBeCloseTo(7, 9);
  });

  it("is the reported prediction, which fades to the usual time, and the time on the network", () => {
    const load = new Load();
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 30 }, 1_000, 40);
    expect(load.expectedMs(1_000)).toBeCloseTo(90, 9);
    expect(load.expectedMs(2_500)).toBeCloseTo(20 + 60 * Math.exp(-1) + 10, 9);
    expect(load.expectedMs(500)).toBeCloseTo(90, 9); // a clock that steps back
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 30 }, 1_000, 60);
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 10 + 0.2 * 20, 9);
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 99 }, 1_000, 60); // the reported time is longer than the measured one: clocks differ
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 14 - 0.2 * 14, 9);
    load.report({ predictedMs: 80, usualMs: 20 }, 1_000, 500);
    expect(load.expectedMs(1_000)).toBeCloseTo(80 + 11.2, 9);
  });

  it("averages predictions itself where reports have no usual time", () => {
    const load = new Load();
    load.report({ predictedMs: 50 }, 0, 0);
    load.report({ predictedMs: 110 }, 60_000, 0);
    const usual = 50 + (1 - Math.exp(-1)) * 60;
    expect(load.expectedMs(1e9)).toBeCloseTo(usual, 6);
  });

  it("weighs a report like three and a half new responses", () => {
    const load = new Load();
    ended(load, 0, 10);
    load.report({ predictedMs: 100, usualMs: 100 }, 0, 0);
    expect(load.expectedMs(0)).toBeCloseTo((10 + 350) / 4.5, 9);
    const retained = Math.exp(-1);
    expect(load.expectedMs(3_000)).toBeCloseTo((retained * 10 + 350) / (retained + 3.5), 9);
    ended(load, 3_000, 10);
    expect(load.expectedMs(3_000)).toBeCloseTo(((retained + 1) * 10 + 350) / (retained + 1 + 3.5), 9);
    expect(load.expectedMs(2_000)).toBeCloseTo(((retained + 1) * 10 + 350) / (retained + 1 + 3.5), 9);
  });

  it("does not use a distrusted report", () => {
    const load = new Load();
    load.report({ predictedMs: 5, usualMs: 5 }, 0, 0);
    expect(load.reportedMs).toBe(5);
    load.distrustReport();
    expect(load.reportedMs).toBe(0);
    expect(load.expectedMs(0)).toBe(0);
  });
});

it("was last seen with its last response or report; a distrusted report does not count", () => {
  const load = new Load();
  expect(load.lastSeenAt).toBe(0);
  ended(load, 1_000, 10);
  expect(load.lastSeenAt).toBe(1_000);
  load.report({ predictedMs: 5 }, 2_000, 0);
  expect(load.lastSeenAt).toBe(2_000);
  load.distrustReport();
  expect(load.lastSeenAt).toBe(1_000);
});

it("refuses a call by the endpoint's shed level until the level expires", () => {
  const load = new Load();
  load.shedLevel = 1.5;
  load.shedUntil = 100;
  expect([0, 1, 2].map((rank) => load.refuses(rank, 0.4, 99))).toEqual([true, true, false]);
  expect(load.refuses(1, 0.5, 99)).toBe(false);
  expect(load.refuses(0, 0.4, 100)).toBe(false);
});

// What an isolate has seen of an endpoint.
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

  it("forgets old times: after ten seconds the newest one is all", () => {
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

  it("goes by what an endpoint says where little was seen of it, and by what was seen where there is much", () => {
    const load = new Load();
    expect(load.expectedMs(0)).toBe(0);
    load.report({ predictedMs: 80, usualMs: 20, tookMs: 20 }, 0, 25);
    expect(load.expectedMs(0)).toBeCloseTo(85); // and the way there
    expect(load.expectedMs(60_000)).toBeCloseTo(25, 1); // what it said of then is over
    for (let at = 60_000; at < 63_000; at += 10) load.end(load.begin(at, 9e9), at, 200);
    expect(load.expectedMs(63_000)).toBeGreaterThan(190);
  });

  it("does not believe an endpoint that fails until it answers well", () => {
    const load = new Load();
    load.report({ predictedMs: 1, usualMs: 1 }, 0, 1);
    load.end(load.begin(0, 9e9), 0, 1_000);
    load.distrustReport();
    expect(load.expectedMs(1)).toBe(1_000);
    load.report({ predictedMs: 10, usualMs: 10 }, 30_000, 10);
    expect(load.expectedMs(30_000)).toBeLessThan(20);
  });

  it("leaves times alone when an attempt is dropped", () => {
    const load = new Load();
    expect(load.drop(load.begin(0, 9e9))).toBe(true);
    expect(load.samples).toBe(0);
    expect(load.inFlight(0)).toBe(0);
  });
});

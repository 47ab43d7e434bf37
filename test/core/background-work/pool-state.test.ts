import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BEAT_MS, type PoolPlace, PoolState } from "../../../core/background-work/pool-state.ts";

const states = (places: readonly PoolPlace<number>[]): string[] => places.map(({ state }) => state);

describe("PoolState", () => {
  it("grants at once while a slot is free, then lets work wait, in turns of keys", () => {
    const pool = new PoolState<number>({ concurrency: 2, maxWaiting: 10 });
    const keys = ["a", "a", "a", "a", "b"];
    const places = keys.map((key, owner) => pool.enter(key, owner, 0).place);
    expect(states(places)).toEqual(["granted", "granted", "waiting", "waiting", "waiting"]);
    expect([pool.running(0), pool.waiting, pool.limit]).toEqual([2, 3, 2]);
    for (const place of places.slice(0, 2)) expect(pool.start(place, 0)).toBe(true);
    pool.leave(places[0]!, 10, true);
    expect(pool.grantNext(10)).toEqual([places[2]]);
    pool.leave(places[1]!, 10, true);
    expect(pool.grantNext(10)).toEqual([places[4]]); // the turn of b
    expect(pool.grantNext(10)).toEqual([]);
  });

  it("lets nothing pass those that wait, though a slot is free", () => {
    const pool = new PoolState<number>({ concurrency: 1, maxWaiting: 10 });
    const first = pool.enter("a", 1, 0).place;
    const second = pool.enter("a", 2, 0).place;
    pool.leave(first, 0, false);
    const third = pool.enter("b", 3, 0).place;
    expect(states([second, third])).toEqual(["waiting", "waiting"]);
    expect(pool.grantNext(0)).toEqual([second]);
  });

  it("refuses the newcomer, or leaves out another, when too much waits", () => {
    const pool = new PoolState<number>({ concurrency: 1, maxWaiting: 2 });
    const places = ["a", "a", "a"].map((key, owner) => pool.enter(key, owner, 0).place);
    const refused = pool.enter("a", 3, 0);
    expect(refused.leftOut).toBe(refused.place);
    const small = pool.enter("b", 4, 0);
    expect([small.leftOut, ...states([...places, small.place])]).toEqual([places[2], "granted", "waiting", "left_out", "waiting"]);
    expect(pool.waiting).toBe(2);
  });

  it("frees a slot that was granted and not started, or not renewed: its request has ended", () => {
    const pool = new PoolState<number>({ concurrency: 1, maxWaiting: 10 });
    const dead = pool.enter("a", 1, 0).place;
    const next = pool.enter("a", 2, 0).place;
    expect(pool.grantNext(1_499)).toEqual([]);
    expect(pool.grantNext(1_500)).toEqual([next]);
    expect(pool.start(dead, 1_500)).toBe(false);
    expect(pool.start(next, 1_500)).toBe(true);
    pool.beat(next, 5_000);
    expect([pool.running(8_999), pool.running(9_000)]).toEqual([1, 0]);
    pool.beat(next, 9_001); // it lives, after all
    expect(pool.running(9_001)).toBe(1);
    pool.leave(next, 9_001, true);
    pool.leave(next, 9_001, true);
    expect(pool.running(9_001)).toBe(0);
  });

  it("passes over those that wait and were not seen for 3 s", () => {
    const pool = new PoolState<number>({ concurrency: 1, maxWaiting: 10 });
    const running = pool.enter("a", 1, 0).place;
    pool.start(running, 0);
    const dead = pool.enter("a", 2, 0).place;
    const seen = pool.enter("a", 3, 0).place;
    pool.beat(seen, BEAT_MS);
    pool.beat(running, BEAT_MS);
    pool.leave(running, 3_001, true);
    expect(pool.grantNext(3_001)).toEqual([seen]);
    expect([dead.state, pool.waiting]).toEqual(["left_out", 0]);
  });

  it("lowers an adaptive limit while work queues behind work, and raises it where it does not", () => {
    // a resource with 4 workers: latency is 10 ms up to 4 in flight, then in proportion
    const pool = new PoolState<number>({ concurrency: { floor: 1, ceiling: 100 }, maxWaiting: 1_000 });
    const ends: { place: PoolPlace<number>; at: number }[] = [];
    let now = 0;
    for (let tick = 0; tick < 60_000; tick += 1) {
      now = tick;
      while (pool.waiting < 50) pool.enter("a", 0, now);
      for (const place of pool.grantNext(now)) {
        pool.start(place, now);
        ends.push({ place, at: now + 10 * Math.max(1, pool.running(now) / 4) });
      }
      for (const one of ends.filter(({ at }) => at <= now)) {
        ends.splice(ends.indexOf(one), 1);
        pool.leave(one.place, now, true);
      }
      for (const { place } of ends) pool.beat(place, now);
    }
    expect(pool.limit).toBeGreaterThanOrEqual(3);
    expect(pool.limit).toBeLessThan(20); // it began at 20, and may be 100
  });

  it("does not learn from failures", () => {
    const pool = new PoolState<number>({ concurrency: { floor: 1, ceiling: 100 }, maxWaiting: 0 });
    const before = pool.limit;
    for (let now = 0; now < 10_000; now += 10) {
      const { place } = pool.enter("a", 0, now);
      pool.start(place, now);
      pool.leave(place, now + 1, false);
    }
    expect(pool.limit).toBe(before);
  });

  it("never runs more than its limit, grants every place that waits, and leaves no slot behind, in any order of events", () => {
    const step = fc.oneof(
      fc.record({ enter: fc.constantFrom("a", "b", "c") }),
      fc.record({ start: fc.nat({ max: 30 }) }),
      fc.record({ leave: fc.nat({ max: 30 }) }),
      fc.record({ pass: fc.integer({ min: 0, max: 800 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const pool = new PoolState<number>({ concurrency: 3, maxWaiting: 5 });
        let places: PoolPlace<number>[] = [];
        let now = 0;
        for (const one of steps) {
          if ("enter" in one) {
            const { place, leftOut } = pool.enter(one.enter, 0, now);
            if (leftOut !== place) places.push(place);
          } else if ("start" in one) {
            const place = places[one.start];
            if (place !== undefined) pool.start(place, now);
          } else if ("leave" in one) {
            const place = places[one.leave];
            if (place !== undefined) pool.leave(place, now, true);
          } else now += one.pass;
          for (const place of places) if (place.state === "waiting" || place.state === "running") pool.beat(place, now);
          pool.grantNext(now);
          places = places.filter(({ state }) => state !== "left_out");
          expect(places.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(3);
          expect(pool.running(now)).toBeLessThanOrEqual(3);
          expect(pool.waiting).toBe(places.filter(({ state }) => state === "waiting").length);
          expect(pool.waiting).toBeLessThanOrEqual(5);
          if (pool.waiting > 0) expect(pool.running(now)).toBe(3); // no slot stays free
        }
        for (const place of places) pool.leave(place, now, true);
        expect([pool.running(now), pool.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});

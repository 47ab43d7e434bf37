// When an isolate exchanges: each interval with jitter, early at most once in 10 s, at once for what cannot wait.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExchangeSchedule } from "../../../core/exchange/exchange-schedule.ts";

const NOW = 1_000_000;
const INTERVAL_MS = 5_000;

/** Epoch ms after NOW at which it is due for the first time. */
function dueAfter(schedule: ExchangeSchedule, from = NOW, maxMs = 700_000): number | undefined {
  for (let ms = 0; ms <= maxMs; ms += 10) if (schedule.isDue(from + ms)) return from - NOW + ms;
  return undefined;
}

function started(random = 0): ExchangeSchedule {
  const schedule = new ExchangeSchedule(INTERVAL_MS);
  schedule.start(NOW, random);
  return schedule;
}

describe("the schedule of exchanges", () => {
  it("begins with the first call, at a random moment of the first interval", () => {
    const schedule = new ExchangeSchedule(INTERVAL_MS);
    expect([schedule.hasStarted, schedule.isDue(NOW)]).toEqual([false, false]);
    expect([started(0), started(0.5), started(0.99)].map((one) => dueAfter(one))).toEqual([0, 2_500, 4_950]);
  });

  it("goes on with the interval that the relay sets, shortened by up to a fifth", () => {
    const dueAgain = (nextMs: number, random: number) => {
      const schedule = started();
      schedule.sent();
      schedule.succeeded(NOW, nextMs, 0, random);
      return dueAfter(schedule);
    };
    expect([dueAgain(5_000, 0), dueAgain(5_000, 1), dueAgain(1_000, 1), dueAgain(60_000, 1)]).toEqual([4_000, 5_000, 1_000, 60_000]);
    expect(dueAgain(Number.MAX_SAFE_INTEGER, 1)).toBe(600_000); // no relay can silence an isolate
  });

  it("is early at a random moment that the relay sets the limit of, and at most once in 10 s", () => {
    const schedule = started();
    schedule.sent();
    schedule.succeeded(NOW, INTERVAL_MS, 2_000, 1);
    schedule.hurry(NOW, 0.5);
    expect(dueAfter(schedule)).toBe(1_000);
    schedule.sent();
    schedule.succeeded(NOW + 1_000, INTERVAL_MS, 2_000, 1);
    for (let ms = 1_000; ms <= 10_900; ms += 100) schedule.hurry(NOW + ms, 0);
    expect(dueAfter(schedule, NOW + 1_000)).toBe(6_000);
    schedule.sent();
    schedule.succeeded(NOW + 10_900, INTERVAL_MS, 2_000, 1);
    schedule.hurry(NOW + 11_000, 0.5);
    expect(dueAfter(schedule, NOW + 11_000)).toBe(12_000);
  });

  it("is early at once where there are few isolates", () => {
    const schedule = started();
    schedule.sent();
    schedule.succeeded(NOW, INTERVAL_MS, 49, 1);
    schedule.hurry(NOW, 0.9);
    expect(schedule.isDue(NOW)).toBe(true);
  });

  it("keeps what happens while an exchange is under way for the next one", () => {
    const [news, probe] = [started(), started()];
    for (const schedule of [news, probe]) schedule.sent();
    news.hurry(NOW + 10, 0);
    probe.require(NOW + 10);
    for (const schedule of [news, probe]) schedule.succeeded(NOW, INTERVAL_MS, 2_000, 1);
    expect([news.isDue(NOW + 10), probe.isDue(NOW + 10)]).toEqual([true, true]);
  });

  it("is due again where an exchange has neither succeeded nor failed", () => {
    const schedule = started();
    schedule.sent();
    expect(schedule.isDue(NOW + 5_000)).toBe(true);
  });

  it("is due at once for what cannot wait", () => {
    const schedule = started(0.9);
    schedule.require(NOW);
    expect(schedule.isDue(NOW)).toBe(true);
  });

  it("pauses after a failure: for an interval, or for a second where the isolate has nothing to work with", () => {
    const dueAgain = (isNeeded: boolean) => {
      const schedule = started();
      schedule.sent();
      schedule.failed(NOW, 1, isNeeded);
      return dueAfter(schedule);
    };
    expect([dueAgain(false), dueAgain(true)]).toEqual([5_000, 1_000]);
  });

  it("does not wait for a time that was set before the clock was set back", () => {
    const schedule = started();
    schedule.sent();
    schedule.succeeded(NOW + 10_000_000, INTERVAL_MS, 0, 1);
    expect(schedule.isDue(NOW)).toBe(true);
  });

  it("whatever happens: two exchanges in any 10 s more than the interval allows, at most, beside what cannot wait", () => {
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: 1, max: 800 }), news: fc.boolean(), random: fc.double({ min: 0, max: 0.999 }) }),
      {
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const schedule = started(0);
        let now = NOW;
        const sent: number[] = [];
        for (const { ms, news, random } of all) {
          now += ms;
          if (news) schedule.hurry(now, random);
          if (!schedule.isDue(now)) continue;
          sent.push(now);
          schedule.sent();
          schedule.succeeded(now, INTERVAL_MS, 1_000, random);
        }
        for (const at of sent) expect(sent.filter((one) => one >= at && one < at + 10_000).length).toBeLessThanOrEqual(3 + 2);
      }),
    );
  });
});

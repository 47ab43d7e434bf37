import { describe, expect, it } from "vitest";
import { PollSchedule } from "../../core/poll-schedule.ts";

const TIMING = { intervalMs: 1_000, pauseMs: 400, firstPauseMs: 50 };

describe("PollSchedule", () => {
  it("is due before the first snapshot, whatever the clock shows", () => {
    const schedule = new PollSchedule(TIMING);
    expect([schedule.isDue(0), schedule.hasSucceeded, schedule.ageMs(0)]).toEqual([true, false, Number.POSITIVE_INFINITY]);
  });

  it.each([
    [999, false],
    [1_000, true],
  ])("is due %d ms after a snapshot: %s", (ms, isDue) => {
    const schedule = new PollSchedule(TIMING);
    schedule.succeed(5_000);
    expect([schedule.isDue(5_000 + ms), schedule.ageMs(5_000 + ms)]).toEqual([isDue, ms]);
  });

  it.each([
    ["before the first snapshot", false, 49, false],
    ["before the first snapshot", false, 50, true],
    ["after a snapshot", true, 399, false],
    ["after a snapshot", true, 400, true],
  ])("pauses after a failure %s (%s): due after %d ms: %s", (_, hasSucceeded, ms, isDue) => {
    const schedule = new PollSchedule(TIMING);
    if (hasSucceeded) schedule.succeed(0);
    schedule.fail(2_000);
    expect([schedule.isPaused(2_000 + ms), schedule.isDue(2_000 + ms)]).toEqual([!isDue, isDue]);
  });

  it("ends the pause with the next snapshot", () => {
    const schedule = new PollSchedule({ ...TIMING, pauseMs: 60_000 });
    schedule.fail(0);
    schedule.succeed(10);
    expect([schedule.isPaused(20), schedule.isDue(1_009), schedule.isDue(1_010)]).toEqual([false, false, true]);
  });

  it("keeps the age of the last snapshot while polls fail", () => {
    const schedule = new PollSchedule(TIMING);
    schedule.succeed(0);
    for (let now = 1_000; now < 5_000; now += 500) schedule.fail(now);
    expect(schedule.ageMs(5_000)).toBe(5_000);
  });
});

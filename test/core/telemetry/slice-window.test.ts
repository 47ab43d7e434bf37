// The last minutes in slices: what a window has, how long it is, and how much it may take.
import { describe, expect, it } from "vitest";
import { MAX_WINDOW_MS, SLICE_MS, SliceWindow } from "../../../core/telemetry/slice-window.ts";

const START = 1_000_000;
const calls = (value: number, label = "a") => ({ metric: "calls", labels: [label], value });
const sum = (window: SliceWindow, ms: number, now: number) => window.read(ms, now).series.reduce((all, { value = 0 }) => all + value, 0);

describe("SliceWindow", () => {
  it("has what was added in the last seconds, to a slice of 10 s", () => {
    const window = new SliceWindow(START);
    for (let second = 0; second < 100; second++) window.add([calls(1)], [], START + second * 1_000);
    const now = START + 100_000;
    expect(window.read(60_000, now).ms).toBe(60_000);
    expect(sum(window, 60_000, now)).toBe(60);
    expect(window.read(60_000, now - 5_000).ms).toBe(65_000);
    expect(sum(window, 300_000, now)).toBe(100);
  });

  it("says for how long it has known", () => {
    const window = new SliceWindow(START);
    window.add([calls(7)], [], START + 500);
    expect(window.read(60_000, START + 2_000)).toMatchObject({ ms: 2_000, series: [calls(7)] });
  });

  it("forgets what is older than 5 minutes", () => {
    const window = new SliceWindow(START);
    window.add([calls(1)], [], START);
    window.add([calls(2)], [], START + MAX_WINDOW_MS + 2 * SLICE_MS);
    expect(sum(window, MAX_WINDOW_MS, START + MAX_WINDOW_MS + 2 * SLICE_MS)).toBe(2);
    expect(window.state(1_000_000)).toEqual([{ startedAt: START + MAX_WINDOW_MS + 2 * SLICE_MS, series: [calls(2)] }]);
  });

  it("is bounded in bytes: the oldest slices go, and it is shorter", () => {
    const window = new SliceWindow(START, { maxSeries: 1_000, maxBytes: 300_000 });
    const many = Array.from({ length: 500 }, (_, index) => calls(1, `label-${index}`));
    for (let slice = 0; slice < 10; slice++) window.add(many, [], START + slice * SLICE_MS);
    const now = START + 10 * SLICE_MS;
    expect(window.bytes).toBeLessThanOrEqual(300_000);
    const { ms } = window.read(MAX_WINDOW_MS, now);
    expect(ms).toBeLessThan(100_000);
    expect(sum(window, MAX_WINDOW_MS, now)).toBe((500 * ms) / SLICE_MS);
  });

  it("adds the hot keys of its slices up", () => {
    const window = new SliceWindow(START);
    const key = { rule: "r", hash: "00000000000000aa", allowed: 1, refused: 2 };
    window.add([], [key], START);
    window.add([], [key], START + SLICE_MS);
    expect(window.read(60_000, START + SLICE_MS).hotKeys).toEqual([{ ...key, allowed: 2, refused: 4 }]);
  });

  it("survives a restart, as far as it is small", () => {
    const window = new SliceWindow(START);
    for (let slice = 0; slice < 4; slice++) window.add([calls(1)], [], START + slice * SLICE_MS);
    const now = START + 35_000;
    const restored = new SliceWindow(now);
    restored.restore(window.state(1_000_000), now);
    expect(restored.read(60_000, now)).toMatchObject({ ms: 35_000, series: [calls(4)] });
    expect(window.state(window.bytes / 2)).toHaveLength(2);
  });

  it("goes on when the clock is set back", () => {
    const window = new SliceWindow(START);
    window.add([calls(1)], [], START + 100_000);
    expect(sum(window, 60_000, START + 1_000)).toBe(0); // it is not yet the time of that slice
    window.add([calls(2)], [], START);
    expect(sum(window, 60_000, START + 1_000)).toBe(2);
  });
});

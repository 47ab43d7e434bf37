// The window of a local breaker: slices that expire one after the other.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { count, countLateFailure, counts, emptyWindow } from "../../../core/breaker/window.ts";

const NOW = 50_000;

describe("a window", () => {
  it("drops one slice after the other, and everything after a long silence", () => {
    const window = emptyWindow();
    for (let second = 0; second < 10; second++) count(window, 10_000, NOW + second * 1_000, second % 2 === 0, second < 3);
    expect(counts(window, 10_000, NOW + 9_999)).toEqual({ calls: 10, failures: 5, slow: 3 });
    expect(counts(window, 10_000, NOW + 10_000)).toEqual({ calls: 9, failures: 4, slow: 2 });
    expect(counts(window, 10_000, NOW + 5_000)).toEqual({ calls: 9, failures: 4, slow: 2 }); // a clock that steps back
    expect(counts(window, 10_000, NOW + 1e9)).toEqual({ calls: 0, failures: 0, slow: 0 });
    count(window, 10_000, -5_500, true, true); // before the epoch
    expect(counts(window, 10_000, NOW + 1e9).calls).toBe(1);
    const early = emptyWindow();
    count(early, 10_000, -25_500, true, true);
    expect(counts(early, 10_000, -25_001)).toEqual({ calls: 1, failures: 1, slow: 1 });
    expect(counts(early, 10_000, -15_001).calls).toBe(0);
  });

  it("counts a late failure without a call", () => {
    const window = emptyWindow();
    count(window, 10_000, NOW, false, true);
    countLateFailure(window, 10_000, NOW + 1_500);
    expect(counts(window, 10_000, NOW + 2_000)).toEqual({ calls: 1, failures: 1, slow: 1 });
    expect(counts(window, 10_000, NOW + 10_000)).toEqual({ calls: 0, failures: 1, slow: 0 }); // in the slice of its own time
  });

  it("counts the same as a list of calls, slice by slice", () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), isFailure: fc.boolean(), isSlow: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 1e9 }), (steps, start) => {
        const window = emptyWindow();
        const list: { slice: number; isFailure: boolean; isSlow: boolean }[] = [];
        let now = start;
        for (const { afterMs, isFailure, isSlow } of steps) {
          now += afterMs;
          count(window, 10_000, now, isFailure, isSlow);
          list.push({ slice: Math.floor(now / 1_000), isFailure, isSlow });
          const seen = list.filter(({ slice }) => slice > Math.floor(now / 1_000) - 10);
          const all = (pick: (one: (typeof list)[number]) => boolean) => seen.filter(pick).length;
          expect(counts(window, 10_000, now)).toEqual({
            calls: seen.length,
            failures: all((one) => one.isFailure),
            slow: all((one) => one.isSlow),
          });
        }
      }),
    );
  });
});

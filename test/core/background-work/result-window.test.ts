import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResultWindow } from "../../../core/background-work/result-window.ts";

describe("ResultWindow", () => {
  it("lets no more run than it may, nor more wait than fits", () => {
    const window = new ResultWindow<string>({ concurrency: 2, buffer: 1, isOrdered: false });
    const [first, second] = [window.start(), window.start()];
    expect([first, second, window.canStart]).toEqual([0, 1, false]);
    window.finish(second, "b");
    expect([window.canStart, window.start(), window.canStart, window.size]).toEqual([true, 2, false, 3]);
    expect([window.take(), window.canStart, window.size]).toEqual([{ result: "b" }, false, 2]); // two still run
    window.finish(first, "a");
    expect(window.canStart).toBe(true);
  });

  it("holds a result until those before it were taken, where the order is kept", () => {
    const window = new ResultWindow<string | undefined>({ concurrency: 2, buffer: 2, isOrdered: true });
    const [first, second] = [window.start(), window.start()];
    window.finish(second, "b");
    expect(window.take()).toBeUndefined();
    window.finish(first, undefined);
    expect([window.take(), window.take(), window.take()]).toEqual([{ result: undefined }, { result: "b" }, undefined]);
  });

  it.each([true, false])("gives each result once, within its bounds, in any order of ends, ordered: %s", (isOrdered) => {
    const settings = fc.record({ concurrency: fc.integer({ min: 1, max: 5 }), buffer: fc.integer({ min: 0, max: 5 }) });
    const step = fc.oneof(fc.constant("start" as const), fc.constant("take" as const), fc.nat({ max: 5 }));
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 100 }), (bounds, steps) => {
        const window = new ResultWindow<number>({ ...bounds, isOrdered });
        const running: number[] = [];
        const ended: number[] = [];
        const taken: number[] = [];
        const take = (): boolean => {
          const next = window.take();
          if (next !== undefined) taken.push(next.result);
          return next !== undefined;
        };
        for (const one of steps) {
          if (one === "start" && window.canStart) running.push(window.start());
          else if (one === "take") take();
          else if (typeof one === "number" && one < running.length) {
            const [item] = running.splice(one, 1);
            ended.push(item!);
            window.finish(item!, item!);
          }
          expect(running.length).toBeLessThanOrEqual(bounds.concurrency);
          expect(window.size).toBeLessThanOrEqual(bounds.concurrency + bounds.buffer);
          expect(window.size).toBe(running.length + ended.length - taken.length);
        }
        for (const item of running.splice(0)) {
          ended.push(item);
          window.finish(item, item);
        }
        while (take());
        expect(taken).toEqual(isOrdered ? ended.toSorted((a, b) => a - b) : ended);
        expect(window.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TapBuffer } from "../../../core/tap/tap-buffer.ts";
import { MAX_TAP_BYTES, tapEventBytes } from "../../../core/tap/tap-messages.ts";
import { tapEvent } from "./support.ts";

describe("TapBuffer", () => {
  it("keeps the oldest events within its bytes, and counts the others by filter, whatever comes", () => {
    const events = fc.array(
      fc.record({ size: fc.integer({ min: 0, max: 20_000 }), filters: fc.uniqueArray(fc.constantFrom("a", "b", "c")) }),
    );
    fc.assert(
      fc.property(events, (list) => {
        const buffer = new TapBuffer();
        for (const { size, filters } of list) buffer.add(tapEvent({ path: "x".repeat(size), filters }));
        const { events: taken, skipped } = buffer.take();
        expect(taken.reduce((sum, event) => sum + tapEventBytes(event), 0)).toBeLessThanOrEqual(MAX_TAP_BYTES);
        for (const id of ["a", "b", "c"] as const) {
          const shown = taken.filter(({ filters }) => filters.includes(id)).length;
          expect(shown + (skipped[id] ?? 0)).toBe(list.filter(({ filters }) => filters.includes(id)).length);
        }
        expect(buffer.isEmpty).toBe(true);
      }),
    );
  });

  it("has no more than 300 events of usual size", () => {
    const buffer = new TapBuffer();
    for (let time = 0; time < 1_000; time++) buffer.add(tapEvent({ time }));
    const { events, skipped } = buffer.take();
    expect(events.map(({ time }) => time)).toEqual(Array.from(events.keys()));
    expect(events.length).toBeLessThan(300);
    expect(skipped).toEqual({ f1: 1_000 - events.length });
  });

  it("counts what was lost on its way, and what another buffer has left out", () => {
    const buffer = new TapBuffer();
    buffer.lost({ events: [tapEvent({ filters: ["a", "b"] }), tapEvent({ filters: ["a"] })], skipped: { b: 4 } });
    buffer.addAll({ events: [tapEvent({ filters: ["a"] })], skipped: { a: 1 } });
    expect(buffer.take()).toMatchObject({ events: [{ filters: ["a"] }], skipped: { a: 3, b: 5 } });
  });

  it("forgets the counts of viewers that have gone", () => {
    const buffer = new TapBuffer();
    buffer.lost({ events: [], skipped: { a: 1, b: 2 } });
    buffer.retain(new Set(["b"]));
    expect(buffer.take().skipped).toEqual({ b: 2 });
  });
});

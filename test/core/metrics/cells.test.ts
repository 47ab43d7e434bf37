// Cells of series: each change is listed once, and taken once.
import { describe, expect, it } from "vitest";
import { ChangedCells, Counter, HistogramCell } from "../../../core/metrics/cells.ts";

const ALL = 1_000_000;

describe("ChangedCells", () => {
  it("lists a cell once, however often it changes, and again after it was taken", () => {
    const changed = new ChangedCells();
    const counter = new Counter("a", ["x"], changed);
    counter.add(0);
    expect(changed.size).toBe(0);
    counter.add(1);
    counter.add(2);
    expect(changed.size).toBe(1);
    expect(changed.take(ALL)).toEqual([{ metric: "a", labels: ["x"], value: 3 }]);
    expect(changed.take(ALL)).toEqual([]);
    counter.add(4);
    expect(changed.take(ALL)).toEqual([{ metric: "a", labels: ["x"], value: 4 }]);
  });

  it("takes as many as fit, and leaves the others with what they count meanwhile", () => {
    const changed = new ChangedCells();
    const counters = ["a", "b", "c"].map((metric) => new Counter(metric, [], changed));
    for (const counter of counters) counter.add(1);
    expect(changed.take(1).map(({ metric }) => metric)).toEqual(["a"]);
    for (const counter of counters) counter.add(1);
    expect(changed.take(ALL)).toEqual([
      { metric: "b", labels: [], value: 2 },
      { metric: "c", labels: [], value: 2 },
      { metric: "a", labels: [], value: 1 },
    ]);
  });
});

describe("HistogramCell", () => {
  it("counts values without memory for their bucket as lost", () => {
    const changed = new ChangedCells();
    const lost = new Counter("lost", [], changed);
    const cell = new HistogramCell("h", ["x"], changed, 1_000, { left: 1 }, lost);
    cell.record(10);
    cell.record(0);
    cell.record(10_000);
    const [histogram, counter] = changed.take(ALL);
    expect(histogram!.histogram).toMatchObject({ zeros: 1, sum: 10, counts: [1] });
    expect(counter).toEqual({ metric: "lost", labels: [], value: 1 });
  });

  it("is listed once for all histograms that are merged into it, and again after it was taken", () => {
    const changed = new ChangedCells();
    const cell = new HistogramCell("h", [], changed, 1, { left: 10 }, new Counter("lost", [], changed));
    const delta = { zeros: 1, sum: 4, offset: 127, counts: [2] };
    cell.merge(delta);
    cell.merge(delta);
    expect(changed.size).toBe(1);
    expect(changed.take(ALL)).toEqual([{ metric: "h", labels: [], histogram: { zeros: 2, sum: 8, offset: 127, counts: [4] } }]);
    cell.merge(delta);
    expect(changed.take(ALL)).toEqual([{ metric: "h", labels: [], histogram: delta }]);
  });
});

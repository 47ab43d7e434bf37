// Series by metric: sums and groups by labels, of any number of labels.
import { expect, it } from "vitest";
import { mergedOf, NO_VALUES, SeriesTable, sumOf, valuesOf } from "../../../../core/telemetry/summary/series-table.ts";

const table = new SeriesTable(
  [
    { metric: "calls", labels: ["a", "ok"], value: 2 },
    { metric: "calls", labels: ["a", "internal"], value: 3 },
    { metric: "calls", labels: ["b", "ok"], value: 5 },
    { metric: "time", labels: ["a"], histogram: { zeros: 1, sum: 4, offset: 2, counts: [1, 1] } },
    { metric: "time", labels: ["b"], histogram: { zeros: 0, sum: 6, offset: 4, counts: [2] } },
  ],
  [{ metric: "in_flight", labels: [], value: 9 }],
);

it("adds up by labels, where undefined is any value", () => {
  expect([table.sum("calls"), table.sum("calls", "a"), table.sum("calls", undefined, "ok"), table.sum("in_flight")]).toEqual([10, 5, 7, 9]);
  expect([table.sum("other"), table.sum("calls", "a", "ok", "label of a later version")]).toEqual([0, 0]);
});

it("groups by some of the labels", () => {
  const groups = [...table.groups("calls", 1)].map(([key, series]) => [valuesOf(key), sumOf(series), sumOf(series, 0, "a")]);
  expect(groups).toEqual([
    [["ok"], 7, 2],
    [["internal"], 3, 3],
  ]);
});

it("merges histograms", () => {
  expect(mergedOf(table.of("time"))).toEqual({ zeros: 1, sum: 10, offset: 2, counts: [1, 1, 2] });
  expect(mergedOf([])).toEqual(NO_VALUES);
});

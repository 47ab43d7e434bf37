// Recorded sums and gauges, grouped by their metrics.
import { expect, it } from "vitest";
import { indexOf } from "../../../../core/metrics/buckets.ts";
import { METRICS } from "../../../../core/metrics/definitions.ts";
import { OWN_METRICS } from "../../../../core/metrics/exposition/own-metrics.ts";
import { snapshotOf } from "../../../../core/metrics/exposition/snapshot-of.ts";

const RECORDED = {
  startedAt: 5,
  series: [
    { metric: "tidegate_calls", labels: ["a", "connect", "POST", "ok", ""], value: 3 },
    { metric: "tidegate_call_duration", labels: ["a", "ok"], histogram: { zeros: 1, sum: 1_500, offset: indexOf(0.5), counts: [2, 0, 1] } },
    { metric: "tidegate_calls", labels: ["b", "connect", "POST", "ok", ""], value: 4 },
    { metric: "tidegate_of_tomorrow", labels: ["x"], value: 9 },
  ],
  gauges: [
    { metric: "tidegate_calls_in_flight", labels: ["a"], value: 2 },
    { metric: "tidegate_of_tomorrow_too", labels: [], value: 9 },
  ],
  isolates: 3,
  lostReports: 7,
};
const { startedAt, metrics } = snapshotOf(RECORDED);
const seriesOf = (name: string) => metrics.find(({ definition }) => definition.name === name)?.series;

it("has each metric in the order of their definitions, those of metrics last", () => {
  expect(startedAt).toBe(5);
  const own = OWN_METRICS.slice(0, -1); // what was left out is known when it is written
  expect(metrics.map(({ definition }) => definition.name)).toEqual([...METRICS, ...own].map(({ name }) => name));
});

it("groups series, and leaves out metrics that it does not know", () => {
  expect(seriesOf("tidegate_calls")).toEqual([
    { labels: ["a", "connect", "POST", "ok", ""], value: 3 },
    { labels: ["b", "connect", "POST", "ok", ""], value: 4 },
  ]);
  expect(seriesOf("tidegate_calls_in_flight")).toEqual([{ labels: ["a"], value: 2 }]);
  expect(seriesOf("tidegate_kv_reads")).toEqual([]);
  expect(metrics.some(({ definition }) => definition.name.startsWith("tidegate_of_tomorrow"))).toBe(false);
});

it("writes sums in the unit of the metric, and counts zeros", () => {
  const [{ histogram } = { histogram: undefined }] = seriesOf("tidegate_call_duration")!;
  expect(histogram).toEqual({ zeros: 1, sum: 1.5, count: 4, offset: indexOf(0.5), counts: [2, 0, 1] });
});

it("says what is missing", () => {
  expect(seriesOf("tidegate_isolates")).toEqual([{ labels: [], value: 3 }]);
  expect(seriesOf("tidegate_lost_reports")).toEqual([{ labels: [], value: 7 }]);
});

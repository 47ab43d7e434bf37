// Calls of one route in figures: what counts as an error, and what a route without calls shows.
import { expect, it } from "vitest";
import { SeriesTable } from "../../../../core/telemetry/summary/series-table.ts";
import { endpointsOf, trafficOf, trafficSeries } from "../../../../core/telemetry/summary/traffic.ts";

const called = (code: string) => ({ metric: "tidegate_calls", labels: ["r", "connect", "POST", code, ""], value: 10 });

it.each([
  ["unavailable", 0.5],
  ["internal", 0.5],
  ["unknown", 0.5],
  ["data_loss", 0.5],
  ["deadline_exceeded", 0.5],
  ["resource_exhausted", 0],
  ["unauthenticated", 0],
  ["canceled", 0],
])("counts half of the calls as failed, where half of them end with %s: %d", (code, ratio) => {
  const series = trafficSeries(new SeriesTable([called("ok"), called(code)], []));
  expect(trafficOf(series, "r", 10)).toMatchObject({ rate: 2, errorRatio: ratio });
});

it("has zeros for a route without calls", () => {
  const series = trafficSeries(new SeriesTable([called("ok")], []));
  expect(trafficOf(series, "other", 10)).toMatchObject({ rate: 0, errorRatio: 0, p50Ms: 0, upstreamP95Ms: 0, codes: [] });
});

it("lists no endpoint without attempts", () => {
  const histogram = { zeros: 0, sum: 0, offset: 0, counts: [] };
  expect(
    endpointsOf(new SeriesTable([{ metric: "tidegate_attempt_duration", labels: ["u", "e", "responded"], histogram }], []), 10),
  ).toEqual([]);
});

// Gauges of several sources: added up or the largest, and none of a source that is silent.
import { expect, it } from "vitest";
import type { GaugeValue } from "../../../core/metrics/report.ts";
import { LIVE_MS, PresentGauges } from "../../../core/telemetry/present-gauges.ts";

const NOW = 1_000_000;
const flights = (value: number): GaugeValue => ({ metric: "in_flight", labels: ["a"], value });
const endpoints = (value: number): GaugeValue => ({ metric: "endpoints", labels: [], value, merge: "max" });

it("adds values up, or takes the largest one, as the gauge says", () => {
  const gauges = new PresentGauges(10, 10);
  gauges.set("one", [flights(2), endpoints(5)], NOW);
  gauges.set("two", [flights(3), endpoints(4)], NOW);
  expect(gauges.read(NOW)).toEqual([flights(5), endpoints(5)]);
});

it("keeps what a report does not name, unless it names all", () => {
  const gauges = new PresentGauges(10, 10);
  gauges.set("one", [flights(2), endpoints(5)], NOW);
  gauges.set("one", [flights(0)], NOW);
  expect(gauges.read(NOW)).toEqual([endpoints(5)]);
  gauges.set("one", [flights(1)], NOW, true);
  expect(gauges.read(NOW)).toEqual([flights(1)]);
});

it("forgets a source 15 s after its last report", () => {
  const gauges = new PresentGauges(10, 10);
  gauges.set("one", [flights(2)], NOW);
  gauges.set("two", [flights(3)], NOW + 1);
  expect(gauges.read(NOW + LIVE_MS - 1)).toEqual([flights(5)]);
  expect(gauges.read(NOW + LIVE_MS)).toEqual([flights(3)]);
  expect(gauges.sources(NOW + LIVE_MS)).toEqual(["two"]);
});

it("is bounded in sources and in the gauges of each", () => {
  const gauges = new PresentGauges(2, 3);
  for (let n = 0; n < 10; n++) {
    const many = Array.from({ length: 10 }, (_, index): GaugeValue => ({ metric: "m", labels: [`${n}-${index}`], value: 1 }));
    gauges.set(`source-${n}`, many, NOW + n);
  }
  expect(gauges.sources(NOW + 10)).toEqual(["source-8", "source-9"]);
  expect(gauges.read(NOW + 10)).toHaveLength(6);
});

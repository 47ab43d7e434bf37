// What an isolate reports, over a connection that loses requests and acknowledgements; and how much it holds at most.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IsolateMetrics, METRICS_BOUNDS, OTHER } from "../../../core/metrics/isolate-metrics.ts";
import { AddedReports } from "../../support/added-reports.ts";

const isolate = (bounds = METRICS_BOUNDS): IsolateMetrics => new IsolateMetrics(() => "boot-1", bounds);

/** @returns value of each series, or count of each histogram, by metric and labels */
function figures(added: AddedReports): Record<string, number> {
  const read = added.read();
  return Object.fromEntries(
    read.flatMap(({ definition, series }) =>
      series.map(({ labels, value, histogram }) => [[definition.name, ...labels].join(" "), histogram?.count ?? value]),
    ),
  );
}

describe("IsolateMetrics", () => {
  it("reports what has changed, once, under the names of its cells", () => {
    const metrics = isolate();
    const calls = metrics.counter("tidegate_calls", "a/B", "connect", "POST", "ok", "");
    const duration = metrics.histogram("tidegate_call_duration", "a/B", "ok");
    calls.add(1);
    calls.add(2);
    duration.record(1_000);
    expect(metrics.hasUnsent).toBe(true);
    expect(metrics.reports()).toEqual([
      {
        boot: "boot-1",
        sequence: 1,
        series: [
          { metric: "tidegate_calls", labels: ["a/B", "connect", "POST", "ok", ""], value: 3 },
          {
            metric: "tidegate_call_duration",
            labels: ["a/B", "ok"],
            histogram: { zeros: 0, sum: 1_000, offset: -1, counts: [1] },
          },
        ],
        gauges: [],
        hotKeys: [],
      },
    ]);
    metrics.acknowledged(1);
    expect(metrics.hasUnsent).toBe(false);
    expect(metrics.reports()).toEqual([{ boot: "boot-1", sequence: 2, series: [], gauges: [], hotKeys: [] }]);
  });

  it("hands out one cell per series", () => {
    const metrics = isolate();
    expect(metrics.counter("tidegate_call_retries", "users")).toBe(metrics.counter("tidegate_call_retries", "users"));
  });

  it("reads gauges and outside counters when it reports; a gauge that is 0 again is reported once more", () => {
    const metrics = isolate();
    let inFlight = 5;
    let counted = 10;
    metrics.collect((to) => {
      to.gauge("tidegate_calls_in_flight", inFlight, "a/B");
      to.gauge("tidegate_calls_in_flight", 1, "a/B"); // the same scope in another version of the configuration
      to.gauge("tidegate_endpoints", 3, "users");
      to.gauge("tidegate_endpoints", 2, "users");
      to.total("waits", counted, "tidegate_limiter_waits");
      to.hotKey("per-user", "00112233445566aa", 1, 2);
    });
    const [first] = metrics.reports();
    expect(first!.gauges.map(({ value }) => value)).toEqual([6, 3]);
    expect(first!.series).toEqual([{ metric: "tidegate_limiter_waits", labels: [], value: 10 }]);
    expect(first!.hotKeys).toEqual([{ rule: "per-user", hash: "00112233445566aa", allowed: 1, refused: 2 }]);
    inFlight = -1;
    counted = 12;
    metrics.acknowledged(1);
    const [second] = metrics.reports();
    expect(second!.gauges.map(({ value }) => value)).toEqual([0, 3]);
    expect(second!.series).toEqual([{ metric: "tidegate_limiter_waits", labels: [], value: 2 }]);
    metrics.acknowledged(2);
    expect(metrics.reports()[0]!.gauges.map(({ metric }) => metric)).toEqual(["tidegate_endpoints"]);
  });

  it("loses and repeats nothing, whichever requests and acknowledgements are lost", () => {
    const step = fc.record({
      calls: fc.nat(5),
      ms: fc.nat(10_000),
      isSent: fc.boolean(),
      arrives: fc.boolean(),
      isAcknowledged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(3), (steps, small) => {
        const metrics = isolate({ ...METRICS_BOUNDS, maxReportBytes: small === 0 ? 1 : 100_000 });
        const relay = new AddedReports();
        let calls = 0;
        let sum = 0;
        const exchange = (arrives: boolean, isAcknowledged: boolean): void => {
          const reports = metrics.reports();
          if (!arrives) return;
          for (const report of structuredClone(reports)) relay.apply(report);
          if (isAcknowledged) metrics.acknowledged(reports.at(-1)!.sequence);
        };
        for (const { calls: made, ms, isSent, arrives, isAcknowledged } of steps) {
          metrics.counter("tidegate_calls", `route-${ms % 3}`, "connect", "POST", "ok", "").add(made);
          metrics.histogram("tidegate_call_duration", `route-${ms % 3}`, "ok").record(ms);
          calls += made;
          sum += ms;
          if (isSent) exchange(arrives, isAcknowledged);
        }
        for (let round = 0; round < 20; round++) exchange(true, true);
        const read = relay.read();
        const seriesOf = (name: string) => read.find(({ definition }) => definition.name === name)!.series;
        expect(seriesOf("tidegate_calls").reduce((total, { value }) => total + value, 0)).toBe(calls);
        expect(seriesOf("tidegate_call_duration").reduce((total, { histogram }) => total + histogram!.count, 0)).toBe(steps.length);
        expect(seriesOf("tidegate_call_duration").reduce((total, { histogram }) => total + histogram!.sum, 0)).toBeCloseTo(sum / 1_000, 9);
        expect(relay.lostReports).toBe(0);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("keeps a few reports at most while no relay acknowledges, and then counts on in its cells", () => {
    const metrics = isolate();
    const calls = metrics.counter("tidegate_call_hedges", "users");
    for (let round = 0; round < 100; round++) {
      calls.add(1);
      expect(metrics.reports().length).toBeLessThanOrEqual(METRICS_BOUNDS.maxReports);
    }
    const relay = new AddedReports();
    for (let round = 0; round < 2; round++) {
      for (const report of metrics.reports()) relay.apply(report);
      metrics.acknowledged(relay.sequence);
    }
    expect(figures(relay)["tidegate_call_hedges users"]).toBe(100);
  });

  it("repeats the reports after the one that is acknowledged", () => {
    const metrics = isolate();
    for (let round = 0; round < 3; round++) metrics.reports();
    metrics.acknowledged(2);
    expect(metrics.hasUnsent).toBe(true);
    expect(metrics.reports().map(({ sequence }) => sequence)).toEqual([3, 4]);
  });

  it("stays bounded under 1,000,000 label values: all beyond the bound share one series, and are counted", () => {
    const metrics = isolate();
    const before = heapBytes();
    const relay = new AddedReports();
    let at = 0;
    const exchange = (): void => {
      const reports = metrics.reports();
      for (const report of reports) relay.apply(report);
      metrics.acknowledged(reports.at(-1)!.sequence);
    };
    for (at = 0; at < 1_000_000; at++) {
      metrics.counter("tidegate_call_retries", `upstream-${at}`).add(1);
      metrics.histogram("tidegate_attempt_duration", `upstream-${at}`, "e", "responded").record(at);
      if (at % 50_000 === 0) exchange();
    }
    for (let round = 0; round < 30; round++) exchange();
    const read = figures(relay);
    expect(Object.keys(read).filter((name) => name.startsWith("tidegate_call_retries")).length).toBe(METRICS_BOUNDS.maxSeries + 1);
    expect(read[`tidegate_call_retries ${OTHER}`]).toBe(1_000_000 - METRICS_BOUNDS.maxSeries);
    expect(read[`tidegate_attempt_duration ${OTHER} ${OTHER} ${OTHER}`]).toBe(1_000_000 - METRICS_BOUNDS.maxSeries);
    expect(read["tidegate_metrics_overflow"]).toBe(2 * (1_000_000 - METRICS_BOUNDS.maxSeries));
    expect(heapBytes() - before).toBeLessThan(40_000_000);
  });

  it("cuts off long label values", () => {
    const metrics = isolate();
    metrics.counter("tidegate_call_retries", "x".repeat(10_000)).add(1);
    expect(metrics.reports()[0]!.series[0]!.labels[0]!.length).toBe(METRICS_BOUNDS.maxLabelChars);
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** @returns bytes of the heap in use after a collection */
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

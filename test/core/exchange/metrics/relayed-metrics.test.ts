// Reports in a relay: each counts once, and batches are kept until they are stored.
import { describe, expect, it } from "vitest";
import type { MetricsBatch, SentReport } from "../../../../core/exchange/metrics/metrics-messages.ts";
import { RelayedMetrics } from "../../../../core/exchange/metrics/relayed-metrics.ts";
import type { GaugeValue } from "../../../../core/metrics/report.ts";

const START = 1_000_000;
const LONG_AFTER = START + 60_000;

function sent(sequence: number, value = 1, ageMs = 0, boot = "isolate", gauges: readonly GaugeValue[] = []): SentReport {
  const series = [{ metric: "calls", labels: ["a"], value }];
  return { report: { boot, sequence, series, gauges, hotKeys: [] }, ageMs };
}

const relay = () => new RelayedMetrics("weur/relay-0", "boot", START);
const callsOf = (batch: MetricsBatch | undefined) => batch?.series.reduce((sum, { value = 0 }) => sum + value, 0);

function sealed(metrics: RelayedMetrics, now = LONG_AFTER): MetricsBatch | undefined {
  metrics.seal(now);
  return metrics.unsent();
}

describe("RelayedMetrics", () => {
  it("adds the reports of its isolates up", () => {
    const metrics = relay();
    expect(metrics.isUnsent).toBe(false);
    expect(metrics.receive({ reports: [sent(1, 3), sent(2, 4)] }, LONG_AFTER)).toEqual({ acknowledged: 2 });
    metrics.receive({ reports: [sent(1, 5, 0, "other", [{ metric: "in_flight", labels: [], value: 2 }])] }, LONG_AFTER);
    expect(metrics.isUnsent).toBe(true);
    expect(sealed(metrics)).toMatchObject({
      ...{ relay: "weur/relay-0", boot: "boot", sequence: 1, oldest: 1, active: 2 },
      series: [{ metric: "calls", labels: ["a"], value: 12 }],
      gauges: [{ metric: "in_flight", value: 2 }],
      isolates: [
        { boot: "isolate", last: 2, received: 2 },
        { boot: "other", last: 1, received: 1 },
      ],
    });
  });

  it("passes on where the metrics are to be sent, as the last isolate has it", () => {
    const metrics = relay();
    const push = { url: "https://collector.example", header: "authorization", secretBinding: "OTLP", intervalMs: 10_000 };
    metrics.receive({ reports: [sent(1)], push }, LONG_AFTER);
    expect(sealed(metrics)!.push).toEqual(push);
    metrics.receive({ reports: [] }, LONG_AFTER);
    expect(sealed(metrics)).not.toHaveProperty("push");
  });

  it("keeps that setting where a service reports, which has none, and says so while it knows of no gateway", () => {
    const metrics = relay();
    metrics.receive({ reports: [sent(1)], fromService: true }, LONG_AFTER);
    expect(sealed(metrics)).toMatchObject({ fromServices: true });
    const push = { url: "https://collector.example", header: "authorization", secretBinding: undefined, intervalMs: 10_000 };
    metrics.receive({ reports: [sent(2)], push }, LONG_AFTER);
    metrics.receive({ reports: [sent(3)], fromService: true }, LONG_AFTER);
    expect(metrics.unsent()).toMatchObject({ push });
    expect(metrics.unsent()).not.toHaveProperty("fromServices");
  });

  it("ignores a report that it gets again, and acknowledges it again", () => {
    const metrics = relay();
    metrics.receive({ reports: [sent(1, 3)] }, LONG_AFTER);
    expect(metrics.receive({ reports: [sent(1, 3, 5_000), sent(2, 4)] }, LONG_AFTER + 5_000)).toEqual({ acknowledged: 2 });
    expect(callsOf(sealed(metrics))).toBe(7);
  });

  it("adds nothing up that the relay before it may have added up: it counts as lost", () => {
    const metrics = relay();
    expect(metrics.receive({ reports: [sent(4, 3, 5_000)] }, START + 1_000)).toEqual({ acknowledged: 4 });
    metrics.receive({ reports: [sent(5, 1)] }, START + 1_000);
    expect(sealed(metrics)).toMatchObject({
      series: [{ metric: "calls", labels: ["a"], value: 1 }],
      isolates: [{ boot: "isolate", last: 5, received: 1 }],
    });
  });

  it("adds up what was sent again where it has run all the time", () => {
    const metrics = relay();
    metrics.receive({ reports: [sent(4, 3, 5_000)] }, LONG_AFTER);
    expect(callsOf(sealed(metrics))).toBe(3);
  });

  it("has a batch until it is stored, and sends those again that were forgotten", () => {
    const metrics = relay();
    for (const sequence of [1, 2, 3]) {
      metrics.receive({ reports: [sent(sequence, sequence)] }, LONG_AFTER);
      expect(sealed(metrics)?.sequence).toBe(sequence);
      metrics.sent({ applied: sequence, stored: 1 });
    }
    expect(metrics.isUnsent).toBe(false);
    metrics.sent({ applied: 1, stored: 1 }); // Telemetry was restarted
    expect([metrics.unsent()?.sequence, metrics.unsent()?.oldest, callsOf(metrics.unsent())]).toEqual([2, 2, 2]);
    metrics.sent({ applied: 2, stored: 2 });
    expect(callsOf(metrics.unsent())).toBe(3);
  });

  it("makes no more than 8 batches that are not stored: it adds up what comes after them", () => {
    const metrics = relay();
    for (let sequence = 1; sequence <= 20; sequence++) {
      metrics.receive({ reports: [sent(sequence)] }, LONG_AFTER);
      metrics.seal(LONG_AFTER);
    }
    metrics.sent({ applied: 8, stored: 8 });
    expect(sealed(metrics)).toMatchObject({ sequence: 9, isolates: [{ last: 20, received: 12 }] });
    expect(callsOf(metrics.unsent())).toBe(12);
  });

  it("is bounded in bytes while Telemetry is down and a million distinct labels arrive", () => {
    const metrics = relay();
    let made = 0;
    for (let sequence = 1; sequence <= 100; sequence++) {
      const series = Array.from({ length: 10_000 }, () => ({ metric: "calls", labels: [`route ${made++}`], value: 1 }));
      metrics.receive({ reports: [{ report: { boot: "isolate", sequence, series, gauges: [], hotKeys: [] }, ageMs: 0 }] }, LONG_AFTER);
      metrics.seal(LONG_AFTER);
    }
    expect(metrics.bytes).toBeLessThan(32 * 1_048_576);
    let calls = 0;
    for (let batch = metrics.unsent(); batch !== undefined; batch = metrics.unsent()) {
      calls += callsOf({ ...batch, series: batch.series.filter(({ metric }) => metric === "calls") })!;
      metrics.sent({ applied: batch.sequence, stored: batch.sequence });
      metrics.seal(LONG_AFTER);
    }
    expect(calls).toBe(1_000_000);
  });
});

// What a report becomes in Workers Analytics Engine.
import fc from "fast-check";
import { expect, it } from "vitest";
import { analyticsPoints } from "../../../core/metrics/analytics-points.ts";
import { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { SeriesDelta } from "../../../core/metrics/report.ts";

const calls = (route: string, code: string, reason: string, value: number, method = "POST"): SeriesDelta => ({
  metric: "tidegate_calls",
  labels: [route, "connect", method, code, reason],
  value,
});

it("has calls by route, code and reason, and their durations in seconds", () => {
  const metrics = new IsolateMetrics(() => "boot");
  metrics.counter("tidegate_calls", "a", "connect", "POST", "ok", "").add(2);
  metrics.counter("tidegate_calls", "a", "grpc_web", "GET", "ok", "").add(98);
  metrics.counter("tidegate_call_retries", "users").add(7);
  for (let ms = 1; ms <= 100; ms++) metrics.histogram("tidegate_call_duration", "a", "ok").record(ms * 10);
  const [counted, measured, ...others] = analyticsPoints(metrics.reports()[0]!.series);
  expect(others).toEqual([]);
  expect(counted).toEqual({ indexes: ["a"], blobs: ["tidegate_calls", "a", "ok", ""], doubles: [100, 0, 0, 0, 0] });
  expect(measured).toMatchObject({ indexes: ["a"], blobs: ["tidegate_call_duration", "a", "ok", ""] });
  const [count, sum, p50, p95, p99] = measured!.doubles;
  expect([count, sum]).toEqual([100, 50.5]);
  for (const [estimate, exact] of [[p50, 0.5] as const, [p95, 0.95] as const, [p99, 0.99] as const])
    expect(Math.abs(estimate / exact - 1)).toBeLessThan(0.0055);
});

it("keeps to what the platform takes, and leaves no call out", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 60 });
  const report = fc.array(fc.tuple(word, word, word, fc.integer({ min: 1, max: 1_000 })), { maxLength: 80 });
  fc.assert(
    fc.property(report, (series) => {
      const durations = series.map(([route, code, , value]): SeriesDelta => {
        const histogram = { zeros: 1, sum: value, offset: 5, counts: [value - 1] };
        return { metric: "tidegate_call_duration", labels: [route, code], histogram };
      });
      const points = analyticsPoints([...series.map(([route, code, reason, value]) => calls(route, code, reason, value)), ...durations]);
      expect(points.length).toBeLessThanOrEqual(25);
      const total = series.reduce((sum, [, , , value]) => sum + value, 0);
      for (const metric of ["tidegate_calls", "tidegate_call_duration"]) {
        const own = points.filter(({ blobs }) => blobs[0] === metric);
        expect(own.reduce((sum, { doubles }) => sum + doubles[0], 0)).toBe(total);
      }
      for (const { indexes, blobs, doubles } of points) {
        expect(new TextEncoder().encode(indexes[0]).length).toBeLessThanOrEqual(96);
        expect(new TextEncoder().encode(blobs.join("")).length).toBeLessThanOrEqual(16_384);
        expect([blobs.length, doubles.length]).toEqual([4, 5]);
      }
    }),
  );
});

it("gives points of their own to the series with the most calls", () => {
  const series = Array.from({ length: 30 }, (_, index) => calls(`route-${index}`, "ok", "", index + 1));
  const points = analyticsPoints(series);
  expect(points.slice(0, 11).map(({ blobs }) => blobs[1])).toEqual(Array.from({ length: 11 }, (_, index) => `route-${29 - index}`));
  expect(points.slice(11)).toMatchObject([{ blobs: ["tidegate_calls", "other", "other", "other"], doubles: [190, 0, 0, 0, 0] }]);
});

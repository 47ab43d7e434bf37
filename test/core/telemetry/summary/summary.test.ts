// Figures of a window whose calls are known one by one.
import { describe, expect, it } from "vitest";
import { MAX_RELATIVE_ERROR } from "../../../../core/metrics/buckets.ts";
import { definitionOf, type MetricName } from "../../../../core/metrics/definitions.ts";
import { IsolateMetrics } from "../../../../core/metrics/isolate-metrics.ts";
import type { GaugeValue, MetricsReport } from "../../../../core/metrics/report.ts";
import { summaryOf } from "../../../../core/telemetry/summary/summary.ts";

const NOW = 1_000_000;
const GET = "users.v1.UserService/GetUser";
const LIST = "users.v1.UserService/ListUsers";

/** A gauge with its labels by name, in the order of the definition. */
function gauge(metric: MetricName, value: number, labels: Readonly<Record<string, string>>): GaugeValue {
  return { metric, labels: definitionOf(metric)!.labels.map((name) => labels[name] ?? ""), value };
}

/** Counts as an isolate does, and reads the summary of a minute. */
function summary(count: (metrics: IsolateMetrics) => void, gauges: readonly GaugeValue[] = [], ms = 60_000) {
  const metrics = new IsolateMetrics(() => "boot");
  count(metrics);
  const reports: MetricsReport[] = [];
  do {
    reports.push(...metrics.reports());
    metrics.acknowledged(reports.at(-1)!.sequence);
  } while (metrics.hasUnsent);
  const hotKeys = reports.flatMap((report) => report.hotKeys);
  return summaryOf({ ms, series: reports.flatMap(({ series }) => series), hotKeys }, gauges, NOW);
}

function calls(metrics: IsolateMetrics, route: string, code: string, count: number, reason = ""): void {
  metrics.counter("tidegate_calls", route, "connect", "POST", code, reason).add(count);
}

describe("the summary", () => {
  it("has rates and ratios of each route and of all, those with most calls first", () => {
    const { total, routes, windowSeconds } = summary(
      (metrics) => {
        calls(metrics, GET, "ok", 60);
        calls(metrics, LIST, "ok", 90);
        calls(metrics, LIST, "unavailable", 20, "breaker_open");
        calls(metrics, LIST, "resource_exhausted", 10, "rate_limited");
        metrics.counter("tidegate_call_bytes", LIST, "request").add(6_000);
        metrics.counter("tidegate_call_bytes", LIST, "response").add(12_000);
      },
      [gauge("tidegate_calls_in_flight", 3, { route: LIST }), gauge("tidegate_calls_in_flight", 1, { route: GET })],
    );
    expect(windowSeconds).toBe(60);
    expect(routes.map(({ route }) => route)).toEqual([LIST, GET]);
    expect(total).toMatchObject({ rate: 3, errorRatio: 20 / 180, inFlight: 4, requestBytesRate: 100, responseBytesRate: 200 });
    expect(routes[0]?.traffic).toMatchObject({ rate: 2, errorRatio: 20 / 120, inFlight: 3 });
    expect(total.codes).toEqual([
      { code: "ok", count: 150 },
      { code: "unavailable", count: 20 },
      { code: "resource_exhausted", count: 10 },
    ]);
  });

  it("has percentiles within the error of the buckets, over routes and codes", () => {
    const { total, routes } = summary((metrics) => {
      for (let ms = 1; ms <= 1_000; ms++) {
        calls(metrics, ms % 2 === 0 ? GET : LIST, "ok", 1);
        metrics.histogram("tidegate_call_duration", ms % 2 === 0 ? GET : LIST, ms % 3 === 0 ? "ok" : "internal").record(ms);
        metrics.histogram("tidegate_call_upstream_duration", GET).record(ms);
      }
    });
    const close = (value: number, truth: number) => expect(Math.abs(value - truth) / truth).toBeLessThanOrEqual(MAX_RELATIVE_ERROR);
    close(total.p50Ms, 500);
    close(total.p95Ms, 950);
    close(total.p99Ms, 990);
    close(total.upstreamP95Ms, 950);
    close(routes.find(({ route }) => route === GET)!.traffic.p95Ms, 950);
  });

  it("lists endpoints, the slowest first, with their failures", () => {
    const { endpoints } = summary((metrics) => {
      for (let n = 0; n < 60; n++) metrics.histogram("tidegate_attempt_duration", "users", "fast", "responded").record(5);
      for (let n = 0; n < 20; n++) metrics.histogram("tidegate_attempt_duration", "users", "slow", "responded").record(800);
      for (let n = 0; n < 10; n++) metrics.histogram("tidegate_attempt_duration", "users", "slow", "unavailable").record(900);
      metrics.histogram("tidegate_attempt_duration", "users", "fast", "dropped").record(5); // the caller has hung up
    });
    expect(endpoints.map(({ endpoint }) => endpoint)).toEqual(["slow", "fast"]);
    expect(endpoints[0]).toMatchObject({ upstream: "users", rate: 0.5, errorRatio: 1 / 3 });
    expect(endpoints[1]).toMatchObject({ rate: 61 / 60, errorRatio: 0 });
  });

  it("has limits, hot keys, caches and reasons", () => {
    const { limits, hotKeys, caches, reasons, totals } = summary((metrics) => {
      for (const route of [GET, LIST]) {
        metrics.counter("tidegate_policy_decisions", "rate_limit", "per-caller", route, "allowed").add(5);
        metrics.counter("tidegate_policy_decisions", "rate_limit", "per-address", route, "refused").add(3);
        metrics.counter("tidegate_policy_decisions", "rate_limit", "per-address", route, "would_refuse").add(1);
        metrics.counter("tidegate_policy_decisions", "concurrency", "isolate", route, "refused").add(4);
      }
      metrics.collect((collected) => collected.hotKey("per-address", "00000000000000aa", 2, 7));
      metrics.counter("tidegate_cache_lookups", GET, "l1").add(8);
      metrics.counter("tidegate_cache_lookups", GET, "miss").add(2);
      calls(metrics, GET, "unavailable", 2, "breaker_open");
      calls(metrics, LIST, "unavailable", 3, "breaker_open");
      calls(metrics, LIST, "resource_exhausted", 9, "rate_limited");
    });
    expect(limits).toEqual([
      { rule: "per-address", allowed: 0, refused: 6, wouldRefuse: 2 },
      { rule: "per-caller", allowed: 10, refused: 0, wouldRefuse: 0 },
    ]);
    expect(hotKeys).toEqual([{ rule: "per-address", hash: "00000000000000aa", allowed: 2, refused: 7 }]);
    expect(caches).toEqual([{ route: GET, l1Hits: 8, l2Hits: 0, staleHits: 0, misses: 2 }]);
    expect(reasons).toEqual([
      { reason: "rate_limited", count: 9 },
      { reason: "breaker_open", count: 5 },
    ]);
    expect(totals.shed).toBe(8);
  });

  it("shows breakers that are not closed, and which configurations run", () => {
    const at = { upstream: "users", endpoint: "a" };
    const { breakers, configurations } = summary(
      (metrics) => metrics.counter("tidegate_policy_decisions", "breaker", "users", GET, "refused").add(11),
      [
        gauge("tidegate_breaker_state", 2, { ...at, level: "local", state: "open" }),
        gauge("tidegate_breaker_state", 1, { ...at, level: "shared", state: "half_open" }),
        gauge("tidegate_breaker_state", 1, { ...at, endpoint: "b", level: "local", state: "half_open" }),
        gauge("tidegate_configuration", 3, { version: "7", digest: "ab" }),
        gauge("tidegate_configuration", 1, { version: "0", digest: "cd" }),
      ],
    );
    expect(breakers).toEqual([
      { ...at, openIsolates: 2, sharedState: "half_open", refused: 11 },
      { upstream: "users", endpoint: "b", openIsolates: 0, sharedState: "closed", refused: 11 },
    ]);
    expect(configurations).toEqual([
      { digest: "ab", version: 7, isolates: 3 },
      { digest: "cd", version: 0, isolates: 1 },
    ]);
  });

  it("has zeros where nothing was called, and no rate of a moment", () => {
    expect(summary(() => undefined, [], 0)).toMatchObject({ windowSeconds: 5, total: { rate: 0, errorRatio: 0, p99Ms: 0 }, routes: [] });
  });

  it("is bounded over thousands of routes and endpoints", () => {
    const { routes, endpoints } = summary((metrics) => {
      for (let n = 0; n < 3_000; n++) {
        calls(metrics, `route-${n}`, "ok", 1);
        metrics.histogram("tidegate_attempt_duration", "users", `endpoint-${n}`, "responded").record(n);
      }
    });
    expect([routes.length, endpoints.length]).toEqual([1_000, 1_000]);
  });
});

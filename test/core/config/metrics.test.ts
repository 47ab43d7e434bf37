// The settings of the metrics.
import { expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";

function parsed(metrics?: unknown) {
  const outcome = parsePolicy({ services: {}, ...(metrics !== undefined && { metrics }) }, new Map());
  return outcome.kind === "ok" ? outcome.policy.metrics : outcome.problems;
}

it("measure by default, and do not where enabled is false", () => {
  expect(parsed()).toMatchObject({ enabled: true });
  expect(parsed({})).toMatchObject({ enabled: true });
  expect(parsed({ enabled: false })).toMatchObject({ enabled: false });
});

it("say what to write instead of a wrong value", () => {
  expect(parsed({ enabled: "no" })).toMatchObject([{ path: "metrics.enabled", fix: "write true or false" }]);
});

it("send metrics nowhere by default, and only to addresses with https or of this machine", () => {
  expect(parsed()).toMatchObject({ otlpUrl: undefined, otlpHeader: "authorization", otlpIntervalMs: 60_000, analyticsEngine: undefined });
  const otlp = { otlpUrl: "http://127.0.0.1:4318/v1/metrics", otlpSecretBinding: "OTLP_KEY", otlpHeader: "X-Key", otlpIntervalMs: 10_000 };
  expect(parsed({ ...otlp, analyticsEngine: "ANALYTICS" })).toMatchObject({ ...otlp, otlpHeader: "x-key", analyticsEngine: "ANALYTICS" });
  expect(parsed({ otlpSecretBinding: "ADMIN_SECRET" })).toMatchObject([
    { path: "metrics.otlpSecretBinding", fix: expect.stringContaining("begins with OTLP_") },
  ]);
  expect(parsed({ otlpUrl: "http://collector.example/v1/metrics", otlpIntervalMs: 9_999, analyticsEngine: "a-b" })).toMatchObject([
    { path: "metrics.otlpUrl", fix: expect.stringContaining('"https://collector.example/v1/metrics"') },
    { path: "metrics.otlpIntervalMs" },
    { path: "metrics.analyticsEngine", fix: expect.stringContaining("analytics_engine_datasets") },
  ]);
});

// Where metrics go beside the relay: the target that is sent to `Telemetry`, and a dataset of Workers Analytics Engine.
import type { MetricsPolicy } from "../../../core/config/metrics.ts";
import type { Problem } from "../../../core/config/problems.ts";
import type { PushTarget } from "../../../core/exchange/metrics/metrics-messages.ts";
import { type AnalyticsPoint, analyticsPoints } from "../../../core/metrics/analytics-points.ts";
import type { MetricsReport } from "../../../core/metrics/report.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { Bindings } from "../upstream/destination.ts";

/** What is used of the binding of a dataset. Writing needs no waiting. */
interface Dataset {
  writeDataPoint(point: AnalyticsPoint): void;
}

export interface MetricsSinks {
  readonly push: PushTarget | undefined;
  readonly write: ((report: MetricsReport) => void) | undefined; // receives each report once
}

/** @returns the reporter, whose metrics go to the sinks as long as a version with these settings is there */
export function reporterWithSinks<Reporter extends { addSinks(sinks: MetricsSinks): () => void }>(
  reporter: Reporter | undefined,
  policy: MetricsPolicy,
  env: Bindings,
  parts: VersionParts,
): Reporter | undefined {
  if (reporter !== undefined)
    parts.get(
      "metrics sinks",
      policy,
      () => reporter.addSinks(metricsSinks(policy, env)),
      (remove) => remove(),
    );
  return reporter;
}

function metricsSinks(policy: MetricsPolicy, env: Bindings): MetricsSinks {
  const { otlpUrl: url, otlpHeader: header, otlpSecretBinding: secretBinding, otlpIntervalMs: intervalMs, analyticsEngine } = policy;
  const push = url === undefined ? undefined : { url, header, secretBinding, intervalMs };
  const dataset = analyticsEngine === undefined ? undefined : (env[analyticsEngine] as unknown as Dataset); // the configuration was checked
  return { push, write: dataset && writerOf(dataset) };
}

/** Never throws: a report is sent to the relay whatever the dataset does. */
function writerOf(dataset: Dataset): (report: MetricsReport) => void {
  const isLogged = sampled();
  return ({ series }) => {
    try {
      for (const point of analyticsPoints(series)) dataset.writeDataPoint(point);
    } catch (error) {
      if (isLogged(Date.now()) > 0) logEvent("metrics_write_failed", { error });
    }
  };
}

/** The dataset has to be bound. */
export function metricsProblems({ analyticsEngine: name }: MetricsPolicy, env: Bindings): Problem[] {
  if (name === undefined || typeof (env[name] as Partial<Dataset> | undefined)?.writeDataPoint === "function") return [];
  const fix = `bind it in wrangler.toml: [[analytics_engine_datasets]] binding = "${name}"`;
  return [{ path: "metrics.analyticsEngine", found: "no dataset of that name", fix }];
}

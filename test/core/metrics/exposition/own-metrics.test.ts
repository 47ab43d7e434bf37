// Metrics about the metrics, as Prometheus reads them.
import { expect, it } from "vitest";
import { ownMetrics } from "../../../../core/metrics/exposition/own-metrics.ts";
import { writeText } from "../../../../core/metrics/exposition/text.ts";

it("say what is missing in the others", () => {
  expect(writeText({ metrics: ownMetrics(5, 2), startedAt: 0 }, "prometheus", 10_000).body).toBe(
    [
      "# HELP tidegate_isolates Isolates that have reported metrics in the last 15 seconds.",
      "# TYPE tidegate_isolates gauge",
      "tidegate_isolates 5",
      "# HELP tidegate_lost_reports_total Reports of isolates that were lost: their counts are missing.",
      "# TYPE tidegate_lost_reports_total counter",
      "tidegate_lost_reports_total 2",
      "# HELP tidegate_series_left_out Series for which this response had no room.",
      "# TYPE tidegate_series_left_out gauge",
      "tidegate_series_left_out 0",
      "",
    ].join("\n"),
  );
});

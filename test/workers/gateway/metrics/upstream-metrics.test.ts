// Attempts by endpoint and outcome; endpoints that have left make room.
import { expect, it } from "vitest";
import { IsolateMetrics, METRICS_BOUNDS, OTHER } from "../../../../core/metrics/isolate-metrics.ts";
import { UpstreamMetrics } from "../../../../workers/gateway/metrics/upstream-metrics.ts";

function endpointsOf(isolate: IsolateMetrics): string[] {
  const reports = isolate.reports();
  isolate.acknowledged(reports.at(-1)!.sequence);
  return reports.flatMap(({ series }) =>
    series.filter(({ metric }) => metric === "tidegate_attempt_duration").map(({ labels }) => labels.slice(1).join(" ")),
  );
}

it("reports what endpoints that have left had counted, and gives their series to new ones", () => {
  const isolate = new IsolateMetrics(() => "boot", { ...METRICS_BOUNDS, maxSeries: 2 });
  const upstream = new UpstreamMetrics(isolate, "users");
  for (let round = 0; round < 5; round++) {
    const old = `e${round}`;
    upstream.attemptEnded(old, "responded", 5);
    upstream.attemptEnded(old, "failed", 7);
    upstream.retain((endpoint) => endpoint !== old);
    expect(endpointsOf(isolate)).toEqual([`${old} responded`, `${old} failed`]);
  }
  for (const endpoint of ["a", "b", "c"]) upstream.attemptEnded(endpoint, "responded", 5);
  expect(endpointsOf(isolate)).toEqual(["a responded", "b responded", `${OTHER} ${OTHER}`]);
});

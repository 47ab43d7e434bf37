// Data points of Workers Analytics Engine from one report: calls by route, code and reason, and their durations by route and code.
import { countOf, type HistogramDelta, quantileOf } from "./buckets.ts";
import { definitionOf } from "./definitions.ts";
import { Histogram } from "./histogram.ts";
import type { SeriesDelta } from "./report.ts";

/** @see https://developers.cloudflare.com/analytics/analytics-engine/limits/ 20 blobs of 16 KB together, 20 doubles, an index of 96 bytes */
export interface AnalyticsPoint {
  readonly indexes: readonly [route: string];
  readonly blobs: readonly [metric: string, route: string, code: string, reason: string];
  readonly doubles: readonly [count: number, sumSeconds: number, p50: number, p95: number, p99: number];
}

/** Points of one metric in a report. The platform takes 250 of an invocation, which makes at most 6 reports. */
const MAX_POINTS = 12;
const MAX_INDEX_CHARS = 32; // at most 96 bytes
/** Stands for route, code and reason of what has no point of its own. */
const OTHER = "other";
const CALLS = "tidegate_calls";
const DURATION = "tidegate_call_duration";

/** What was added, by route, code and reason. */
interface Group {
  readonly blobs: readonly [route: string, code: string, reason: string];
  count: number;
  readonly durations: Histogram;
}

/** Nothing is left out: those with the fewest calls share one point. */
export function analyticsPoints(series: readonly SeriesDelta[]): AnalyticsPoint[] {
  return [CALLS, DURATION].flatMap((metric) => {
    const labels: readonly string[] = definitionOf(metric)!.labels;
    const [route, code, reason] = ["route", "code", "reason"].map((name) => labels.indexOf(name)) as [number, number, number];
    const groups = new Map<string, Group>();
    for (const delta of series) {
      if (delta.metric !== metric) continue;
      add(groups, [delta.labels[route] ?? "", delta.labels[code] ?? "", delta.labels[reason] ?? ""], delta);
    }
    return fewest(groups).map((group) => pointOf(metric, group));
  });
}

function add(groups: Map<string, Group>, blobs: Group["blobs"], { value = 0, histogram }: Pick<SeriesDelta, "value" | "histogram">): void {
  const key = blobs.join("\n");
  const group = groups.get(key) ?? { blobs, count: 0, durations: new Histogram() };
  groups.set(key, group);
  group.count += histogram === undefined ? value : countOf(histogram);
  if (histogram !== undefined) group.durations.add(histogram);
}

function fewest(all: ReadonlyMap<string, Group>): readonly Group[] {
  const sorted = [...all.values()].sort((a, b) => b.count - a.count);
  if (sorted.length <= MAX_POINTS) return sorted;
  const others = new Map<string, Group>();
  for (const { count, durations } of sorted.slice(MAX_POINTS - 1)) {
    const histogram = durations.read();
    add(others, [OTHER, OTHER, OTHER], countOf(histogram) > 0 ? { histogram } : { value: count });
  }
  return [...sorted.slice(0, MAX_POINTS - 1), ...others.values()];
}

function pointOf(metric: string, { blobs, count, durations }: Group): AnalyticsPoint {
  const read: HistogramDelta = durations.read();
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileOf(read, share) ?? 0) as [number, number, number];
  const sum = read.sum / (definitionOf(metric)?.perUnit ?? 1);
  return {
    indexes: [blobs[0].slice(0, MAX_INDEX_CHARS)],
    blobs: [metric, ...blobs],
    doubles: [count, sum, p50, p95, p99],
  };
}

// Metrics whose text is known.
import { indexOf } from "../../../../core/metrics/buckets.ts";
import type { HistogramSnapshot, MetricSnapshot } from "../../../../core/metrics/exposition/snapshot.ts";

/** A histogram of some values, each in its bucket. */
export function histogramOf(values: readonly number[]): HistogramSnapshot {
  const positive = values.filter((value) => value > 0);
  const indexes = positive.map(indexOf);
  const offset = Math.min(...indexes);
  const counts = positive.length === 0 ? [] : new Array<number>(Math.max(...indexes) - offset + 1).fill(0);
  for (const index of indexes) counts[index - offset]! += 1;
  const sum = values.reduce((total, value) => total + Math.round(value * 1_000), 0) / 1_000;
  const zeros = values.length - positive.length;
  return { zeros, sum, count: values.length, offset: positive.length === 0 ? 0 : offset, counts };
}

export const SAMPLES = {
  calls: {
    definition: {
      name: "tidegate_calls",
      kind: "counter",
      unit: "{call}",
      help: "Calls that have ended.",
      labels: ["route", "code", "reason"],
    },
    series: [
      { labels: ["users.v1.UserService/GetUser", "ok", ""], value: 12 },
      { labels: ["users.v1.UserService/GetUser", "unavailable", "no_endpoint"], value: 3 },
    ],
  },
  bytes: {
    definition: { name: "tidegate_call_bytes", kind: "counter", unit: "By", help: "Bytes of bodies.", labels: ["direction"] },
    series: [{ labels: ["in"], value: 1e21 }],
  },
  waiting: {
    definition: { name: "tidegate_calls_waiting", kind: "gauge", unit: "{call}", help: "Calls in a queue.", labels: [] },
    series: [{ labels: [], value: 0.5 }],
  },
  duration: {
    definition: { name: "tidegate_call_duration", kind: "histogram", unit: "s", help: "Time of a call.", labels: ["route"] },
    series: [{ labels: ["a"], value: 0, histogram: histogramOf([0, 0.005, 0.005, 0.25, 200]) }],
  },
} as const satisfies Readonly<Record<string, MetricSnapshot>>;

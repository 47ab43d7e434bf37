// The buckets of a histogram as Prometheus sends them: spans of neighbors, each count as the difference to the one before.
import type { HistogramSnapshot } from "./snapshot.ts";

export interface Span {
  readonly offset: number; // index of the first bucket; after another span, the empty buckets between
  readonly length: number;
}

/** Empty buckets that cost no more than a span of their own. */
const MAX_GAP = 2;

/** Bucket i of Prometheus has the values up to 2^(i/64); OpenTelemetry counts from one lower. */
const PROMETHEUS_SHIFT = 1;

export function spansOf({ offset, counts }: Pick<HistogramSnapshot, "offset" | "counts">): {
  readonly spans: readonly Span[];
  readonly deltas: readonly number[];
} {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let before = 0; // the count of the bucket written last
  let next = 0; // index after the bucket written last; 0 before the first
  for (const [position, count] of counts.entries()) {
    if (count === 0) continue;
    const index = offset + position + PROMETHEUS_SHIFT;
    const span = spans.at(-1);
    if (span !== undefined && index - next <= MAX_GAP) {
      for (; next < index; next++) {
        deltas.push(0 - before); // not -0
        before = 0;
        span.length += 1;
      }
      span.length += 1;
    } else spans.push({ offset: index - next, length: 1 });
    deltas.push(count - before);
    before = count;
    next = index + 1;
  }
  return { spans, deltas };
}

// Buckets of histograms: base-2 exponential ones of scale 6, as OpenTelemetry and Prometheus' native histograms define them.
// Bucket i has the values in (2^(i/64), 2^((i+1)/64)].

export const SCALE = 6;
const PER_OCTAVE = 2 ** SCALE;

/** Values outside are counted in the first and the last bucket: 15 µs and 4 years for seconds, 128 TiB for bytes. */
export const MIN_INDEX = -16 * PER_OCTAVE;
export const MAX_INDEX = 47 * PER_OCTAVE - 1;

/** Largest relative error of an estimate from a bucket, 0.0054: (b - 1) / (b + 1) for buckets that grow by b = 2^(1/64). */
export const MAX_RELATIVE_ERROR = (2 ** (1 / PER_OCTAVE) - 1) / (2 ** (1 / PER_OCTAVE) + 1);

/** @param value above 0 @see OpenTelemetry, Metrics Data Model, "Exponential Histogram", "Map a value to an index using the logarithm" */
export function indexOf(value: number): number {
  const index = Math.ceil(Math.log2(value) * PER_OCTAVE) - 1;
  return Math.min(MAX_INDEX, Math.max(MIN_INDEX, index));
}

/** The largest value of a bucket. */
export function upperBound(index: number): number {
  return 2 ** ((index + 1) / PER_OCTAVE);
}

/** The value that stands for all of a bucket: the one whose largest relative error is the smallest. */
export function estimateOf(index: number): number {
  const lower = upperBound(index - 1);
  const upper = upperBound(index);
  return (2 * lower * upper) / (lower + upper);
}

/** What a quantile is read from. */
export interface BucketCounts {
  readonly zeros: number; // values that are 0
  readonly offset: number; // index of the first bucket in `counts`
  readonly counts: readonly number[];
}

/** The values of a histogram, or what was added to them. */
export interface HistogramDelta extends BucketCounts {
  readonly sum: number; // sum of the values as they were recorded: whole numbers, so it is exact
}

export function countOf({ zeros, counts }: Pick<BucketCounts, "zeros" | "counts">): number {
  return counts.reduce((sum, count) => sum + count, zeros);
}

/**
 * The value of which a share of all values are no larger (nearest rank), with an error of at most `MAX_RELATIVE_ERROR`.
 *
 * @param share in (0, 1] @returns undefined where there is no value
 */
export function quantileOf({ zeros, offset, counts }: BucketCounts, share: number): number | undefined {
  const count = countOf({ zeros, counts });
  if (count === 0) return undefined;
  let left = Math.ceil(share * count) - zeros;
  if (left <= 0) return 0;
  for (const [position, values] of counts.entries()) {
    left -= values;
    if (left <= 0) return estimateOf(offset + position);
  }
  return estimateOf(offset + counts.length - 1);
}

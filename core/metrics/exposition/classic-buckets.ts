// Histograms with fixed buckets, from exponential ones.
import { indexOf } from "../buckets.ts";
import type { HistogramSnapshot } from "./snapshot.ts";

/** Bounds of gRPC's latency histograms (A66) from 1 ms on, in seconds: clocks of Workers have milliseconds. */
const SECONDS: readonly number[] = [
  ...[0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08],
  ...[0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10, 20, 50, 100],
];
/** Bounds of gRPC's size histograms (A66), in bytes. */
const BYTES: readonly number[] = [0, ...Array.from({ length: 12 }, (_, power) => 1024 * 4 ** power)];
/** Of histograms of any other unit. */
const OTHER: readonly number[] = Array.from({ length: 16 }, (_, power) => 2 ** power);

/** @param unit UCUM */
export function boundsOf(unit: string): readonly number[] {
  return unit === "s" ? SECONDS : unit === "By" ? BYTES : OTHER;
}

/**
 * Values up to each bound. A bucket that a bound cuts counts as a whole, so that values up to 1.1 % above the bound are in it.
 *
 * @param bounds ascending
 */
export function cumulativeCounts({ zeros, offset, counts }: HistogramSnapshot, bounds: readonly number[]): readonly number[] {
  let position = 0;
  let sum = zeros;
  return bounds.map((bound) => {
    const last = bound <= 0 ? Number.NEGATIVE_INFINITY : indexOf(bound);
    while (position < counts.length && offset + position <= last) sum += counts[position++]!;
    return sum;
  });
}

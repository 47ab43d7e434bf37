// Statistics of paired rounds: a disturbance of the machine affects all subjects of a round, so rounds are compared one by one.

const RESAMPLES = 1_000;

/** A median, and an interval around it. */
export interface Interval {
  readonly ratio: number; // median of the ratios of all rounds
  readonly low: number; // low and high end of an interval that contains the true median with a probability of 95 %
  readonly high: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios of paired rounds, and its interval by the bootstrap: the medians of samples drawn with replacement.
 *
 * @param random in [0, 1), uniform
 * @see B. Efron, "Bootstrap Methods: Another Look at the Jackknife", the percentile method
 */
export function bootstrap(values: readonly number[], bases: readonly number[], random: () => number): Interval {
  const ratios = values.map((value, round) => value / bases[round]!);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(Array.from(ratios, () => ratios[Math.floor(random() * ratios.length)]!)),
  ).sort((a, b) => a - b);
  return { ratio: median(ratios), low: medians[Math.floor(0.025 * RESAMPLES)]!, high: medians[Math.ceil(0.975 * RESAMPLES) - 1]! };
}

/** The values in an order drawn at random. @param random in [0, 1), uniform @see Fisher and Yates */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

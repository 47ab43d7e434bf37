// Whether memory grows with the requests that were served: the goal of the request path.

const MOST_GROWTH = 0.1; // share of the memory after the first part

export interface MemoryVerdict {
  readonly isMet: boolean;
  readonly text: string;
}

/** @param after memory after each of at least two equal parts of the requests, in any unit */
export function memoryVerdict(after: readonly number[]): MemoryVerdict {
  const [first, last] = [after[0]!, after.at(-1)!];
  const half = after.slice(-Math.ceil(after.length / 2));
  const grows = half.every((memory, index) => index === 0 || memory > half[index - 1]!);
  const isMet = last <= first * (1 + MOST_GROWTH) && !grows;
  const share = last / first - 1;
  const sign = share < 0 ? "" : "+";
  const text = `after all parts ${sign}${(share * 100).toFixed(1)} % of the memory after the first one, at most +${MOST_GROWTH * 100} %; ${grows ? "growing with each" : "not growing with each"} of the last ${half.length} parts: ${isMet ? "met" : "missed"}`;
  return { isMet, text };
}

// Trips where one endpoint answers far less often than its peers do: what all of them suffer from is not its fault.

export interface Rate {
  readonly calls: number;
  readonly failures: number;
}

const MIN_PEERS = 5;
const LEAST_GAP = 0.02; // of the success rate below the mean: peers that hardly differ have a small deviation

/**
 * @param peers    all endpoints of the upstream, this one too; those of fewer than `minCalls` don't count
 * @param factor   standard deviations below the mean; 0 for never
 * @param minCalls of an endpoint before its rate means anything
 * @see Envoy, outlier detection, "success rate": the mean less 1.9 standard deviations
 */
export function isOutlier(own: Rate, peers: readonly Rate[], factor: number, minCalls: number): boolean {
  if (factor === 0 || own.calls < minCalls) return false;
  const rates = peers.filter(({ calls }) => calls >= minCalls).map(rateOf);
  if (rates.length < MIN_PEERS) return false;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
  return rateOf(own) < mean - Math.max(LEAST_GAP, factor * deviation);
}

function rateOf({ calls, failures }: Rate): number {
  return 1 - failures / calls;
}

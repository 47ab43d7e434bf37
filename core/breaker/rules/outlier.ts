// Trips on an endpoint whose success rate is far below that of its peers: what all endpoints suffer from trips none.
import type { CallRate } from "../evidence.ts";
import type { PeerTripRule } from "./trip-rule.ts";

const MIN_PEERS = 5;
const MIN_GAP = 0.02; // distance from the mean success rate: peers that hardly differ have a small deviation

/**
 * `outlierFactor` standard deviations below the mean; 0 turns the rule off. Endpoints with fewer than `minCalls` calls do not count.
 *
 * @see Envoy, outlier detection, "success rate": the mean less 1.9 standard deviations
 */
export const outlier: PeerTripRule = {
  isOn: ({ outlierFactor }) => outlierFactor !== 0,
  isTripped(own, peers, { outlierFactor, minCalls }) {
    if (own.calls < minCalls) return false;
    const rates = peers.filter(({ calls }) => calls >= minCalls).map(successRate);
    if (rates.length < MIN_PEERS) return false;
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
    return successRate(own) < mean - Math.max(MIN_GAP, outlierFactor * deviation);
  },
};

function successRate({ calls, failures }: CallRate): number {
  return 1 - failures / calls;
}

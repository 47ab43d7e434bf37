// The contracts of the rules that open breakers.
import type { BreakerPolicy } from "../../config/breaker.ts";
import type { CallRate } from "../evidence.ts";
import type { Counts } from "../window.ts";

/** What one isolate has seen of one endpoint. */
export interface LocalEvidence extends Counts {
  readonly failuresInARow: number;
}

/** Opens the local breaker of one endpoint. Called after each failure, and after successes if a rule may trip on one. */
export interface LocalTripRule {
  mayTripOnSuccess(policy: BreakerPolicy): boolean;
  isTripped(evidence: LocalEvidence, policy: BreakerPolicy): boolean;
}

/** Opens the shared breaker of one endpoint, which is compared with its peers. */
export interface PeerTripRule {
  isOn(policy: BreakerPolicy): boolean;
  /** @param peers all endpoints of the upstream, this one among them */
  isTripped(own: CallRate, peers: readonly CallRate[], policy: BreakerPolicy): boolean;
}

// An endpoint as an operator sees it: what one isolate knows and has measured of it.
import type { ShownBreaker } from "../breaker/shown-breaker.ts";

export interface EndpointView {
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string; // empty where it has none
  readonly isDraining: boolean;
  readonly isHealthy: boolean; // its health checks succeed; true where there are none
  readonly inFlight: number; // attempts of this isolate
  readonly latencyMs: number; // average time until the response began, weighted by age; 0 before the first response
  readonly keyShare: number; // share of the keys within its priority, 0 to 1; 0 where the balancer does not pick by key, and while draining
  readonly breaker: ShownBreaker;
}

/** An upstream with its endpoints. */
export interface UpstreamView {
  readonly balancer: string;
  readonly endpoints: readonly (EndpointView & { readonly isRegistered: boolean })[];
  readonly waiting: number; // calls that wait for a free endpoint
}

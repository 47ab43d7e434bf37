// Replaces the pool of endpoints in the ablation: one endpoint that is always there, without breaker, balancer and throttle.
import { type Bindings, destinationOf } from "../../workers/gateway/upstream/destination.ts";
import { fixedUpstream } from "../../workers/gateway/upstream/fixed-upstream.ts";
import type { PoolSettings } from "../../workers/gateway/upstream/pool-settings.ts";
import type { Upstream } from "../../workers/gateway/upstream/upstream.ts";

export function pool({ name, policy }: PoolSettings, bindings: Bindings): Upstream | undefined {
  const [endpoint] = policy.endpoints;
  const destination = endpoint && destinationOf(endpoint.target, bindings, policy.protocol);
  return destination && fixedUpstream(name, destination);
}

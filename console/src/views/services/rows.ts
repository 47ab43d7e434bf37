// What the tables of upstreams and endpoints show, put together from what the gateway reports.
import type { EndpointTraffic, Upstream, UpstreamEndpoint } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

export interface UpstreamRow {
  readonly name: string;
  readonly balancer: string;
  readonly endpoints: number;
  readonly available: number; // endpoints that are healthy, not draining, and not kept away by a breaker
  readonly open: number; // endpoints with a breaker that is not closed
  readonly inFlight: number;
  readonly waiting: number;
}

export function rowOf({ name, balancer, endpoints, inFlight, waiting }: Upstream): UpstreamRow {
  const open = endpoints.filter(isKeptAway).length;
  const available = endpoints.filter((endpoint) => endpoint.isHealthy && !endpoint.isDraining && !isKeptAway(endpoint)).length;
  return { name, balancer, endpoints: endpoints.length, available, open, inFlight, waiting };
}

/** Whether a breaker keeps calls away from an endpoint: an override decides, then the evidence of this isolate and of all. */
export function isKeptAway({ override, localState, sharedState }: UpstreamEndpoint): boolean {
  if (override === "open" || override === "closed") return override === "open";
  return localState === "open" || sharedState === "open";
}

export interface EndpointRow {
  readonly endpoint: UpstreamEndpoint;
  readonly traffic: EndpointTraffic | undefined; // undefined without attempts in the last minute
}

/** @param traffic of all upstreams */
export function endpointRows({ name, endpoints }: Upstream, traffic: readonly EndpointTraffic[]): readonly EndpointRow[] {
  const own = new Map(traffic.filter(({ upstream }) => upstream === name).map((one) => [one.endpoint, one]));
  return endpoints.map((endpoint) => ({ endpoint, traffic: own.get(endpoint.id) }));
}

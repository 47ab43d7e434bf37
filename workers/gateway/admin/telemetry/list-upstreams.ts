// TelemetryService.ListUpstreams: upstreams and their endpoints, as the isolate that serves the call sees them.
import { Code, ConnectError } from "@connectrpc/connect";
import type { EndpointView, UpstreamView } from "../../../../core/balance/endpoint-view.ts";
import { suggest } from "../../../../core/config/problems.ts";
import { printable } from "../../../../core/protocol/printable.ts";
import type { BreakerStatus, CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import type { ListUpstreamsRequest } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { logEvent } from "../../../log.ts";
import type { Upstream } from "../../upstream/upstream.ts";

const PAGE_SIZE = 100; // upstreams, where the request does not say it
const MAX_PAGE_SIZE = 1_000; // upstreams
const MAX_PAGE_ENDPOINTS = 2_000; // about 300 KB of protobuf

type Query = Pick<ListUpstreamsRequest, "upstream" | "pageSize" | "pageToken">;
type Breakers = DurableObjectNamespace<CircuitBreaker> | undefined;

/**
 * @param pools    of the configuration, by name
 * @param breakers shared breakers: of an upstream that the request names, the states and overrides are read there
 */
export function listUpstreams(pools: ReadonlyMap<string, Upstream>, breakers: Breakers) {
  const names = [...pools.keys()].sort();
  return async ({ upstream: name, pageSize, pageToken }: Query) => {
    if (name !== "") return { upstreams: [await named(name, pools, breakers)], nextPageToken: "" };
    if (pageSize < 0 || pageSize > MAX_PAGE_SIZE)
      throw new ConnectError(`page_size is ${pageSize}; write 1 to ${MAX_PAGE_SIZE}`, Code.InvalidArgument);
    const first = names.findIndex((other) => other > pageToken);
    const page: ReturnType<typeof upstreamMessage>[] = [];
    let endpoints = 0;
    for (let at = first < 0 ? names.length : first; at < names.length; at++) {
      const view = pools.get(names[at]!)!.view?.();
      if (view === undefined) continue;
      endpoints += view.endpoints.length;
      if (page.length === (pageSize || PAGE_SIZE) || (page.length > 0 && endpoints > MAX_PAGE_ENDPOINTS))
        return { upstreams: page, nextPageToken: page.at(-1)!.name };
      page.push(upstreamMessage(names[at]!, view));
    }
    return { upstreams: page, nextPageToken: "" };
  };
}

async function named(name: string, pools: ReadonlyMap<string, Upstream>, breakers: Breakers) {
  const view = pools.get(name)?.view?.();
  if (view === undefined)
    throw new ConnectError(`no upstream is named ${printable(name)}; write ${suggest(name, [...pools.keys()])}`, Code.NotFound);
  const states = await sharedStates(name, breakers);
  return upstreamMessage(name, view, states);
}

/** @returns undefined where the object cannot be reached: then the isolate's own view has to do */
async function sharedStates(upstream: string, breakers: Breakers): Promise<ReadonlyMap<string, BreakerStatus> | undefined> {
  if (breakers === undefined) return undefined;
  try {
    return new Map((await breakers.getByName(upstream).state()).map((status) => [status.endpoint, status]));
  } catch (error) {
    logEvent("breaker_request_failed", { upstream, error });
    return undefined;
  }
}

function upstreamMessage(name: string, { balancer, endpoints, waiting }: UpstreamView, states?: ReadonlyMap<string, BreakerStatus>) {
  const inFlight = endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0);
  return { name, balancer, endpoints: endpoints.map((endpoint) => endpointMessage(endpoint, states)), inFlight, waiting };
}

function endpointMessage(endpoint: UpstreamView["endpoints"][number], states?: ReadonlyMap<string, BreakerStatus>) {
  const { keyShare, breaker, ...facts } = endpoint;
  return { ...facts, ringShare: keyShare, localState: breaker.local, ...sharedOf(endpoint, states) };
}

function sharedOf({ id, breaker }: EndpointView, states?: ReadonlyMap<string, BreakerStatus>) {
  if (states === undefined) return { sharedState: breaker.shared, override: breaker.override ?? "none" };
  const status = states.get(id);
  return { sharedState: status?.kind ?? "closed", override: status?.override ?? "none" };
}

// The upstreams whose breakers are kept by objects, by the names of these: services, and their versions where they have several.
import type { GatewayPolicy } from "../../core/policy.ts";
import { endpointId, type UpstreamPolicy } from "../../core/upstream.ts";

export interface Watched {
  readonly service: string;
  readonly ids: readonly string[]; // of the endpoints that are configured
  readonly isRegistered: boolean; // whether others may register
  readonly mode: "off" | "report" | "enforce";
}

export function watched({ services }: Pick<GatewayPolicy, "services">): ReadonlyMap<string, Watched> {
  const found = new Map<string, Watched>();
  for (const [service, { upstream, traffic, breaker }] of services) {
    const add = (name: string, { endpoints, registry }: UpstreamPolicy): void => {
      const ids = endpoints.map(({ target }) => endpointId(target));
      found.set(name, { service, ids, isRegistered: registry, mode: breaker.mode });
    };
    add(service, upstream);
    for (const canary of traffic?.canaries ?? []) add(canaryName(service, canary.name), canary.upstream);
    if (traffic?.mirror !== undefined) add(mirrorName(service), traffic.mirror.upstream);
  }
  return found;
}

export function canaryName(service: string, version: string): string {
  return `${service}@${version}`;
}

export function mirrorName(service: string): string {
  return `${service}@mirror`;
}

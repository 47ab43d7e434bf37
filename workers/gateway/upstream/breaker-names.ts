// The upstreams whose breakers are kept by objects, by the names of these: services, their versions and fallbacks, and plain HTTP routes.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { endpointId, type UpstreamPolicy } from "../../../core/config/upstream.ts";

export interface BreakerScope {
  readonly service: string;
  readonly ids: readonly string[]; // of the endpoints that are configured
  readonly isRegistered: boolean; // whether others may register
  readonly mode: "off" | "report" | "enforce";
}

export function breakerScopes({ services, httpRoutes }: Pick<GatewayPolicy, "services" | "httpRoutes">): ReadonlyMap<string, BreakerScope> {
  const found = new Map<string, BreakerScope>();
  const add = (name: string, service: string, mode: BreakerScope["mode"], { endpoints, registry }: UpstreamPolicy): void => {
    const ids = endpoints.map(({ target }) => endpointId(target));
    found.set(name, { service, ids, isRegistered: registry, mode });
  };
  for (const [service, { upstream, traffic, breaker, methods }] of services) {
    const { mode } = breaker;
    add(service, service, mode, upstream);
    for (const canary of traffic?.canaries ?? []) add(canaryName(service, canary.name), service, mode, canary.upstream);
    if (traffic?.mirror !== undefined) add(mirrorName(service), service, mode, traffic.mirror.upstream);
    const fallbacks = new Set([...methods.values()].flatMap(({ fallback }) => fallback.upstream ?? []));
    for (const [nth, fallback] of [...fallbacks].entries()) add(fallbackName(service, nth), service, mode, fallback);
  }
  for (const [prefix, { upstream, breaker }] of httpRoutes) add(prefix, prefix, breaker.mode, upstream);
  return found;
}

export function canaryName(service: string, version: string): string {
  return `${service}@${version}`;
}

export function mirrorName(service: string): string {
  return `${service}@mirror`;
}

/** @param nth of the fallbacks of a service, in the order of its methods, from 0 */
export function fallbackName(service: string, nth: number): string {
  return `${service}@fallback${nth === 0 ? "" : nth}`;
}

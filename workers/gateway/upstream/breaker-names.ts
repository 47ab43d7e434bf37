// Every upstream that has shared breakers, by the name of its Durable Object: services, their versions and fallbacks, plain HTTP routes.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { endpointId } from "../../../core/config/target.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";

export interface BreakerScope {
  readonly service: string; // full name; the prefix of a plain HTTP route
  readonly ids: readonly string[]; // ids of the configured endpoints
  readonly isRegistered: boolean; // whether endpoints may register
  readonly mode: "off" | "report" | "enforce";
}

/** @returns the scopes by the name of their Durable Object */
export function breakerScopes({ services, httpRoutes }: Pick<GatewayPolicy, "services" | "httpRoutes">): ReadonlyMap<string, BreakerScope> {
  const scopes = new Map<string, BreakerScope>();
  const add = (name: string, service: string, mode: BreakerScope["mode"], { endpoints, registry }: UpstreamPolicy): void => {
    const ids = endpoints.map(({ target }) => endpointId(target));
    scopes.set(name, { service, ids, isRegistered: registry, mode });
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
  return scopes;
}

export function canaryName(service: string, version: string): string {
  return `${service}@${version}`;
}

export function mirrorName(service: string): string {
  return `${service}@mirror`;
}

/** @param nth index of the fallback upstream among those of the service, in the order of its methods, from 0 */
export function fallbackName(service: string, nth: number): string {
  return `${service}@fallback${nth === 0 ? "" : nth}`;
}

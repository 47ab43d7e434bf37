// The upstreams of a configuration: a pool for each service, version, fallback and route of plain HTTP, or the binding that is missing.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { join, type Problem } from "../../../core/config/problems.ts";
import type { ServicePolicy } from "../../../core/config/service.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { EXCHANGE_MS } from "../../../core/exchange/messages.ts";
import { Exchange, type Relays } from "../background/exchange.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { GatewayMetrics } from "../metrics/gateway-metrics.ts";
import { canaryName, mirrorName } from "../upstream/breaker-names.ts";
import { versioned } from "../upstream/canary.ts";
import type { Bindings } from "../upstream/destination.ts";
import { endpointListSettings } from "../upstream/endpoint-list.ts";
import { pool } from "../upstream/pool.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** What pools are made from. */
export interface PoolSource {
  readonly policy: GatewayPolicy;
  readonly env: Bindings; // service bindings, by the names that upstreams use
  readonly exchange: Exchange | undefined;
  readonly parts: VersionParts; // parts of the isolate, as this configuration uses them
  readonly metrics: GatewayMetrics | undefined;
  readonly pools: Map<string, Upstream>; // every pool that was made, by name
}

type ExchangingPolicy = Pick<GatewayPolicy, "registry" | "purge"> & Partial<Pick<GatewayPolicy, "control">>;

/**
 * The background exchange of this isolate: one for all versions of the configuration.
 *
 * @returns undefined where wrangler.toml has no RELAY: then the isolate shares nothing
 */
export function exchangeOf({ registry, purge, control }: ExchangingPolicy, env: Bindings, parts: VersionParts): Exchange | undefined {
  const relays = env["RELAY"] as Relays | undefined; // the runtime gives a binding the type that wrangler.toml declares
  const polls = [registry, purge, control].map((settings) => settings?.pollMs ?? EXCHANGE_MS);
  const intervalMs = Math.min(EXCHANGE_MS, ...polls);
  if (relays === undefined) return undefined;
  const exchange = parts.get("exchange", undefined, () => new Exchange(relays, intervalMs));
  const begin = (): (() => void) => exchange.wantInterval(intervalMs);
  parts.get("exchange interval", intervalMs, begin, (end) => end());
  return exchange;
}

/**
 * @param name  name of the upstream in messages to callers: never the address or the binding of an endpoint
 * @param owner the service, or the prefix of the route, whose breaker and throttle hold for it
 * @returns undefined where a service binding is missing
 */
export function poolOf(name: string, owner: string, upstream: UpstreamPolicy, source: PoolSource): Upstream | undefined {
  const { policy, env, exchange, parts, pools, metrics } = source;
  const hasRegistry = policy.registry !== undefined;
  const endpointList = exchange && endpointListSettings({ name, service: owner, policy: upstream, hasRegistry, exchange });
  const { breaker, throttle } = (policy.services.get(owner) ?? policy.httpRoutes.get(owner))!;
  const settings = { name, service: name, policy: upstream, breaker, exchange, throttle, endpointList, metrics: metrics?.upstream(name) };
  const made = pool(settings, env, parts);
  if (made !== undefined) pools.set(name, made);
  return made;
}

/** The upstream of a service, with its versions; undefined where a service binding is missing. */
export function serviceUpstream(service: string, source: PoolSource): Upstream | undefined {
  const { upstream, traffic } = source.policy.services.get(service)!;
  const own = poolOf(service, service, upstream, source);
  if (own === undefined || traffic === undefined) return own;
  const canaries: Upstream[] = [];
  for (const { name, upstream: version } of traffic.canaries) {
    const canary = poolOf(canaryName(service, name), service, version, source);
    if (canary === undefined) return undefined;
    canaries.push(canary);
  }
  const mirror = traffic.mirror && poolOf(mirrorName(service), service, traffic.mirror.upstream, source);
  if (traffic.mirror !== undefined && mirror === undefined) return undefined;
  return versioned({ own, canaries, mirror }, traffic);
}

/** The upstreams of plain HTTP, by prefix. */
export function httpUpstreams(source: PoolSource, problems: Problem[]): ReadonlyMap<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const [prefix, { upstream: settings }] of source.policy.httpRoutes) {
    const upstream = poolOf(prefix, prefix, { ...settings, timeoutHeader: "as_called" }, source);
    if (upstream === undefined) problems.push(missingBinding(`${join("httpRoutes", prefix)}.upstream`, "no such binding"));
    else upstreams.set(prefix, upstream);
  }
  return upstreams;
}

/** The problem of a service without an upstream: it names the targets of all its versions. */
export function serviceProblem(service: string, { upstream, traffic }: ServicePolicy): Problem {
  const versions = traffic === undefined ? [] : [...traffic.canaries, ...(traffic.mirror === undefined ? [] : [traffic.mirror])];
  const all = [upstream, ...versions.map((version) => version.upstream)];
  return missingBinding(`${join("services", service)}.upstream`, targetsOf(all));
}

export function missingBinding(path: string, found: string): Problem {
  return { path, found, fix: "name a service binding that wrangler.toml has, or add this one to it" };
}

export function targetsOf(upstreams: readonly UpstreamPolicy[]): string {
  return JSON.stringify(upstreams.flatMap(({ endpoints }) => endpoints.map(({ target }) => target)));
}

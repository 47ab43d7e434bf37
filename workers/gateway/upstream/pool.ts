// The endpoints of one upstream: picks one for each attempt, by health, breakers, load and key.

import type { UpstreamView } from "../../../core/balance/endpoint-view.ts";
import type { Fleet } from "../../../core/balance/fleet.ts";
import type { Member, ServingStatus } from "../../../core/balance/member.ts";
import type { Budget } from "../../../core/budget.ts";
import { hashField } from "../../../core/config/hash-on.ts";
import { endpointId } from "../../../core/config/target.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { isNativeGrpcUrl } from "../../../core/protocol/native-grpc.ts";
import type { RegisteredEndpoint } from "../../../core/registry/registry.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import type { CallAttempt } from "../../call/call-attempt.ts";
import type { Destination } from "../../call/destination.ts";
import type { EndpointAttempt } from "../../call/endpoint-attempt.ts";
import { EndpointPool } from "../../call/pool/endpoint-pool.ts";
import type { Preparation } from "../../call/target.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { Call } from "../call.ts";
import { collectPool } from "../metrics/collectors.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";
import { needsLocation } from "../region/isolate-location.ts";
import { BreakerReporter } from "./breaker-reports.ts";
import { type Bindings, destinationOf } from "./destination.ts";
import type { EndpointList } from "./endpoint-list.ts";
import { poolHooks } from "./pool-hooks.ts";
import { type Learned, learnedBy, listSettings, type PoolSettings } from "./pool-settings.ts";
import type { Upstream } from "./upstream.ts";

/**
 * The pool of an upstream: that of another version of the configuration, where both say the same of it.
 *
 * @returns undefined where a binding is missing, or is no service
 */
export function pool(settings: PoolSettings, bindings: Bindings, parts: VersionParts): Upstream | undefined {
  const { endpoints, protocol } = settings.policy;
  const destinations = new Map<string, Destination>();
  for (const { target } of endpoints) {
    const destination = destinationOf(target, bindings, protocol);
    if (destination === undefined) return undefined;
    destinations.set(endpointId(target), destination);
  }
  const { name, service, policy, breaker, throttle, endpointList, metrics } = settings;
  const said = { service, policy, breaker, throttle, list: endpointList && listSettings(endpointList), isCounted: metrics !== undefined };
  const create = (): Pool => new Pool(settings, destinations, learnedBy(settings, parts), Date.now());
  return parts.get<Pool>(`pool ${name}`, said, create, (ended) => ended.end());
}

class Pool implements Upstream {
  readonly name: string;
  readonly hashField: string | undefined;
  readonly protocol: UpstreamPolicy["protocol"];
  readonly timeoutHeader: UpstreamPolicy["timeoutHeader"];
  readonly retryBudget: Budget;
  readonly hedging: HedgeState;
  readonly metrics: UpstreamMetrics | undefined;
  readonly #settings: PoolSettings;
  readonly #configured: ReadonlyMap<string, Destination>;
  readonly #members: readonly Member[]; // configured endpoints
  readonly #destinations: Map<string, Destination>; // configured and registered endpoints, by id
  readonly #pool: EndpointPool<Call>;
  readonly #reporter: BreakerReporter | undefined;
  readonly #endpointList: EndpointList | undefined;
  readonly #unsubscribe: (() => void) | undefined;
  readonly #uncollect: (() => void) | undefined;

  /** @param now epoch ms */
  constructor(settings: PoolSettings, configured: ReadonlyMap<string, Destination>, learned: Learned, now: number) {
    const { name, policy, throttle, breaker, metrics } = settings;
    this.name = name;
    this.protocol = policy.protocol;
    this.timeoutHeader = policy.timeoutHeader;
    this.retryBudget = learned.retryBudget;
    this.hedging = learned.hedging;
    this.metrics = metrics;
    this.#settings = settings;
    this.#configured = configured;
    this.#members = policy.endpoints.map(memberOf);
    this.#destinations = new Map(configured);
    const { maxQueued, queueMs } = policy;
    this.#pool = new EndpointPool(
      { name, fleet: { ...policy, breaker }, throttle, maxQueued, queueMs, needsLocation: needsLocation(policy) },
      this.#members,
      this.#destinations,
      learned,
      poolHooks(name, policy, metrics, () => this.#reporter),
      now,
    );
    this.#reporter = reporterOf(settings, this.#pool.parts.fleet);
    this.hashField = this.#pool.usesKey ? hashField(policy.hashOn) : undefined;
    this.#uncollect = metrics?.isolate.collect(
      collectPool({ ...this.#pool.parts, name, endpoints: this.#destinations, retryBudget: this.retryBudget }),
    );
    this.#endpointList = learned.endpointList;
    this.#unsubscribe = this.#endpointList?.subscribe((registered, unhealthy, at) => this.#update(registered, unhealthy, at), now);
  }

  /** No version of the configuration uses it any more. */
  end(): void {
    this.#pool.parts.fleet.end();
    if (this.#reporter !== undefined) this.#settings.exchange?.remove(this.#reporter);
    this.#unsubscribe?.();
    this.#uncollect?.();
  }

  prepare(call: Call, attempt: CallAttempt): Preparation | undefined {
    return this.#endpointList?.prepare(Date.now(), this.#members.length === 0) ?? this.#pool.prepare(call, attempt);
  }

  pick(call: Call, attempt: CallAttempt): EndpointAttempt {
    return this.#pool.pick(call, attempt);
  }

  status(): ServingStatus | Promise<ServingStatus> {
    const first = this.#endpointList?.prepare(Date.now(), this.#members.length === 0);
    return first === undefined ? this.#status() : first.done.then(() => this.#status());
  }

  view(): UpstreamView {
    const { fleet, waiting } = this.#pool.parts;
    const endpoints = fleet.view(Date.now()).map((endpoint) => ({ ...endpoint, isRegistered: !this.#configured.has(endpoint.id) }));
    return { balancer: this.#settings.policy.balancer, endpoints, waiting: waiting.size };
  }

  #status(): ServingStatus {
    const { fleet } = this.#pool.parts;
    return fleet.size === 0 && this.#endpointList?.isKnown === false ? "unknown" : fleet.status(Date.now());
  }

  /** Takes a new list of registered endpoints, and the health of the configured ones. A configured endpoint stays what it is. */
  #update(registered: readonly RegisteredEndpoint[], unhealthy: readonly string[], now: number): void {
    const { protocol } = this.#settings.policy;
    const others = registered.filter(({ id }) => !this.#configured.has(id));
    // Endpoints may have registered before the configuration named native gRPC.
    const endpoints = protocol === "grpc" ? others.filter(({ url }) => isNativeGrpcUrl(url)) : others;
    for (const id of this.#destinations.keys()) if (!this.#configured.has(id)) this.#destinations.delete(id);
    for (const { id, url } of endpoints) this.#destinations.set(id, destinationOf({ url }, {}, protocol)!); // a URL needs no binding
    const members = this.#members.map((member) => ({ ...member, isHealthy: !unhealthy.includes(member.id) }));
    this.#pool.parts.fleet.replace([...members, ...endpoints], now);
    this.metrics?.retain((id) => this.#destinations.has(id));
  }
}

/** The reporter is a section of the exchange. */
function reporterOf({ service, breaker, exchange }: PoolSettings, { localBreakers }: Fleet): BreakerReporter | undefined {
  if (exchange === undefined || breaker.mode === "off") return undefined;
  const reporter = new BreakerReporter(service, localBreakers, breaker, exchange);
  exchange.add(reporter);
  return reporter;
}

function memberOf({ target, weight, priority, zone }: UpstreamPolicy["endpoints"][number]): Member {
  return { id: endpointId(target), weight, priority, isDraining: false, ...(zone === undefined ? {} : { zone }) };
}

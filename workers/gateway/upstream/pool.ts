// The endpoints of one upstream: picks one for each attempt, by health, breakers, load and key.

import { BALANCERS } from "../../../core/balance/balancers.ts";
import type { UpstreamView } from "../../../core/balance/endpoint-view.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import type { Member, ServingStatus } from "../../../core/balance/member.ts";
import type { PickResult } from "../../../core/balance/pick-request.ts";
import type { Budget } from "../../../core/budget.ts";
import { hashField } from "../../../core/config/hash-on.ts";
import { endpointId } from "../../../core/config/target.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { hash32 } from "../../../core/hash.ts";
import { isNativeGrpcUrl } from "../../../core/protocol/native-grpc.ts";
import type { RegisteredEndpoint } from "../../../core/registry/registry.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { CallAttempt } from "../call/attempt.ts";
import { Enforcer } from "../call/enforcer.ts";
import type { Call } from "../call.ts";
import { collectPool } from "../metrics/collectors.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";
import { locationOf, needsLocation } from "../region/isolate-location.ts";
import { PoolAttempt, type PoolParts } from "./attempt.ts";
import { BreakerReporter } from "./breaker-reports.ts";
import { type Bindings, type Destination, destinationOf } from "./destination.ts";
import type { EndpointList } from "./endpoint-list.ts";
import { type HashKey, hashKeyOf } from "./hash-key.ts";
import { type Learned, learnedBy, listSettings, type PoolSettings } from "./pool-settings.ts";
import { UpstreamThrottle } from "./throttle.ts";
import type { EndpointAttempt, Preparation, Upstream } from "./upstream.ts";
import { WaitingCalls } from "./waiting-calls.ts";

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

type Picked = PickResult & { readonly kind: "picked" };

const NO_KEY: HashKey = { text: "" };

class Pool implements Upstream {
  readonly name: string;
  readonly hashField: string | undefined;
  readonly protocol: UpstreamPolicy["protocol"];
  readonly timeoutHeader: UpstreamPolicy["timeoutHeader"];
  readonly retryBudget: Budget;
  readonly hedging: HedgeState;
  readonly metrics: UpstreamMetrics | undefined;
  readonly #settings: PoolSettings;
  readonly #usesKey: boolean;
  readonly #configured: ReadonlyMap<string, Destination>;
  readonly #members: readonly Member[]; // configured endpoints
  readonly #destinations: Map<string, Destination>; // configured and registered endpoints, by id
  readonly #parts: PoolParts;
  readonly #breakers: Enforcer | undefined; // undefined where they are off
  readonly #endpointList: EndpointList | undefined;
  readonly #unsubscribe: (() => void) | undefined;
  readonly #uncollect: (() => void) | undefined;
  #needsLocation: boolean; // until a call has shown it

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
    this.#breakers = breaker.mode === "off" ? undefined : new Enforcer("breaker", name, breaker);
    this.#usesKey = BALANCERS[policy.balancer].usesKey;
    this.hashField = this.#usesKey ? hashField(policy.hashOn) : undefined;
    this.#configured = configured;
    this.#members = policy.endpoints.map(memberOf);
    this.#destinations = new Map(configured);
    const fleet = new Fleet(this.#members, { ...policy, breaker }, learned.states, now);
    this.#parts = {
      name,
      fleet,
      throttle: new UpstreamThrottle(name, throttle, fleet, learned.throttle),
      waiting: new WaitingCalls(policy.maxQueued, policy.queueMs),
      reporter: reporterOf(settings, fleet),
      metrics,
    };
    this.#uncollect = metrics?.isolate.collect(
      collectPool({ ...this.#parts, endpoints: this.#destinations, retryBudget: this.retryBudget }),
    );
    this.#endpointList = learned.endpointList;
    this.#unsubscribe = this.#endpointList?.subscribe((registered, unhealthy, at) => this.#update(registered, unhealthy, at), now);
    this.#needsLocation = needsLocation(policy);
  }

  /** No version of the configuration uses it any more. */
  end(): void {
    const { fleet, reporter } = this.#parts;
    fleet.end();
    if (reporter !== undefined) this.#settings.exchange?.remove(reporter);
    this.#unsubscribe?.();
    this.#uncollect?.();
  }

  prepare(call: Call, attempt: CallAttempt): Preparation | undefined {
    const now = Date.now();
    const list = this.#endpointList?.prepare(now, this.#members.length === 0);
    if (list !== undefined) return list;
    const { fleet, waiting } = this.#parts;
    const mayWait = this.#settings.policy.maxQueued > 0 && fleet.isFull(now);
    return mayWait ? waiting.wait(attempt.deadlineAt, call.rank, now) : undefined;
  }

  pick(call: Call, attempt: CallAttempt): EndpointAttempt {
    const { policy } = this.#settings;
    const { fleet, throttle } = this.#parts;
    const now = Date.now();
    const method = hash32(call.outgoing.path);
    if (this.#needsLocation) this.#locate(call, now);
    const { text, cookie } = this.#usesKey ? hashKeyOf(call, policy.hashOn) : NO_KEY;
    const mayRedirectShed = throttle.countCall(call, now);
    throttle.admit(call, now);
    const { tried } = attempt;
    const isReported = this.#breakers?.isEnforcedFor(call) === false;
    const picked = fleet.pick({ method, key: hash32(text), now, rng: Math.random, tried, isReported, rank: throttle.rankOf(call) });
    if (picked.kind === "shed") return throttle.shed(call, now);
    if (picked.kind === "open") {
      this.#breakers?.refused(call);
      throw new Rejected({ kind: "breaker_open", upstream: this.name, retryAfterMs: picked.retryAfterMs });
    }
    if (picked.kind !== "picked") throw new Rejected({ kind: "no_endpoint", upstream: this.name, isFull: picked.kind === "full" });
    const { id } = picked;
    if (picked.isReportedOnly) this.#breakers?.reported(call, `breakers of all endpoints are open; the call goes to ${id}`);
    else this.#breakers?.allowed(call);
    throttle.countSent(call, id, now);
    call.trace?.note("dispatch", { endpoint: id, ...this.#numbers(id, picked, attempt, now) });
    tried.add(id);
    const destination = this.#destinations.get(id)!; // the fleet has no other endpoints
    return new PoolAttempt(this.#parts, call, attempt, { picked, destination, cookie, method, mayRedirectShed, now });
  }

  /** What the choice of an endpoint was judged by, for traces. */
  #numbers(id: string, { admission, isReportedOnly, isRepeated }: Picked, { number, tried, deadlineAt }: CallAttempt, now: number) {
    const { balancer, maxConcurrent } = this.#settings.policy;
    return {
      attempt: number,
      "upstream.balancer": balancer,
      "upstream.maxConcurrent": maxConcurrent,
      "breaker.mode": this.#settings.breaker.mode,
      breaker: admission.probe !== undefined ? "probe" : isReportedOnly ? "open, reported" : "closed",
      inFlight: this.#parts.fleet.inFlight(id, now),
      tried: tried.size,
      isRepeated,
      leftMs: Math.max(0, deadlineAt - now),
    };
  }

  status(): ServingStatus | Promise<ServingStatus> {
    const first = this.#endpointList?.prepare(Date.now(), this.#members.length === 0);
    return first === undefined ? this.#status() : first.done.then(() => this.#status());
  }

  view(): UpstreamView {
    const { fleet, waiting } = this.#parts;
    const endpoints = fleet.view(Date.now()).map((endpoint) => ({ ...endpoint, isRegistered: !this.#configured.has(endpoint.id) }));
    return { balancer: this.#settings.policy.balancer, endpoints, waiting: waiting.size };
  }

  #status(): ServingStatus {
    const { fleet } = this.#parts;
    return fleet.size === 0 && this.#endpointList?.isKnown === false ? "unknown" : fleet.status(Date.now());
  }

  #locate({ request }: Call, now: number): void {
    const location = locationOf(request, this.#settings.policy, Math.random());
    if (location === undefined) return;
    this.#needsLocation = false;
    this.#parts.fleet.setLocation(location, now);
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
    this.#parts.fleet.replace([...members, ...endpoints], now);
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

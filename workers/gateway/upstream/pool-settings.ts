// The settings of a pool of endpoints, and what it learns: the parts that outlive a version of the configuration.

import { EndpointStates } from "../../../core/balance/endpoint-states.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { Throttle } from "../../../core/overload/throttle.ts";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { retryBudget } from "../../../core/retry/retry.ts";
import type { LearnedOfEndpoints } from "../../call/pool/endpoint-pool.ts";
import type { Exchange } from "../background/exchange.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";
import { EndpointList, type EndpointListSettings } from "./endpoint-list.ts";

export interface PoolSettings {
  readonly name: string; // shown in messages and logs
  readonly service: string; // name of its shared breakers: the service, and its version where it has several
  readonly endpointList: EndpointListSettings | undefined; // where endpoints may register, or their health is checked
  readonly policy: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly exchange: Exchange | undefined; // without, each isolate relies on what it sees itself
  readonly throttle: ThrottlePolicy;
  readonly metrics: UpstreamMetrics | undefined; // undefined where nothing is counted
}

/** What a pool learns, and what holds whatever its other settings are. */
export interface Learned extends LearnedOfEndpoints {
  readonly endpointList: EndpointList | undefined;
}

export function learnedBy({ name, policy, throttle, endpointList }: PoolSettings, parts: VersionParts): Learned {
  const list = endpointList && {
    settings: listSettings(endpointList),
    create: (previous?: EndpointList) => new EndpointList(endpointList, previous),
  };
  return {
    states: parts.get(`endpoints ${name}`, undefined, () => new EndpointStates()),
    retryBudget: parts.get(`retry budget ${name}`, policy.retryBudget, () => retryBudget(policy.retryBudget)),
    hedging: parts.get(`hedging ${name}`, undefined, () => new HedgeState()),
    throttle: parts.get(`throttle ${name}`, throttle, () => new Throttle(throttle)),
    endpointList: list && parts.get<EndpointList>(`endpoint list ${name}`, list.settings, list.create, (ended) => ended.end()),
  };
}

/** All that a list depends on; the exchange is that of the isolate. */
export function listSettings({ service, health, configured, isRegistry }: EndpointListSettings) {
  return { service, health, configured, isRegistry };
}

// A call and endpoints for tests of what sends calls, without a gateway or a client around it.

import { EndpointStates } from "../../core/balance/endpoint-states.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import { parseThrottle } from "../../core/config/overload.ts";
import { checks } from "../../core/config/problems.ts";
import { RETRY_BUDGET } from "../../core/config/retry.ts";
import { CRITICAL } from "../../core/overload/criticality.ts";
import { Throttle } from "../../core/overload/throttle.ts";
import { HedgeState } from "../../core/retry/hedge-state.ts";
import { retryBudget } from "../../core/retry/retry.ts";
import type { OutboundCall } from "../../workers/call/outbound-call.ts";
import type { EndpointPoolSettings, LearnedOfEndpoints } from "../../workers/call/pool/endpoint-pool.ts";

export function outboundCall(own: Partial<OutboundCall> & { readonly headers?: Record<string, string> } = {}): OutboundCall {
  const now = Date.now();
  return {
    receivedAt: now,
    deadlineAt: now + 10_000,
    rank: CRITICAL,
    outgoing: { path: "/a.v1.A/Get", headers: new Headers(own.headers), body: null },
    sendSignal: null,
    upload: undefined,
    trace: undefined,
    ...own,
  };
}

const THROTTLE = parseThrottle(checks(), "throttle", undefined);

export function poolSettings(own: Partial<EndpointPoolSettings["fleet"]> = {}, queue = 0): EndpointPoolSettings {
  const fleet = {
    balancer: "least_time" as const,
    maxConcurrent: 100,
    maxLoadFactor: Number.POSITIVE_INFINITY,
    slowStartMs: 0,
    breaker: { ...BREAKER, consecutive: 2 },
    ...own,
  };
  return { name: "A", fleet, throttle: THROTTLE, maxQueued: queue, queueMs: 60_000, needsLocation: false };
}

export function learned(): LearnedOfEndpoints {
  return {
    states: new EndpointStates(),
    retryBudget: retryBudget(RETRY_BUDGET),
    hedging: new HedgeState(),
    throttle: new Throttle(THROTTLE),
  };
}

// What is read when a report is made: counters that others keep, and gauges.
import type { Fleet } from "../../../core/balance/fleet.ts";
import type { Budget } from "../../../core/budget.ts";
import type { Collector, IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import { costMeters } from "../background/cost-meters.ts";
import { type ConcurrencyScope, ISOLATE } from "../call/concurrency-scope.ts";
import { takeDelays } from "../call/end/call-delays.ts";
import { policyCounters } from "../call/enforcer.ts";
import type { LimiterCounters } from "../rate-limit/counters.ts";
import { limitKeys } from "../rate-limit/limit-keys.ts";

/** Decisions of policies. */
export const collectPolicies: Collector = (to) => {
  for (const { policy, name, route, outcome, count } of policyCounters.read())
    to.total(`${policy}\n${name}\n${route}\n${outcome}`, count, "tidegate_policy_decisions", policy, name, route, outcome);
};

/** Where calls waited. */
export function collectCallDelays(metrics: IsolateMetrics): Collector {
  return () => {
    for (const [cause, delays] of takeDelays()) metrics.histogram("tidegate_call_delay", cause).merge(delays);
  };
}

/** What the limiters of the isolate have done. */
export function collectLimiter(counters: LimiterCounters): Collector {
  return (to) => {
    to.gauge("tidegate_limiter_leases", counters.leasesHeld);
    to.total("limiter messages", counters.messages - counters.awaitedMessages, "tidegate_limiter_messages", "background");
    to.total("limiter awaited messages", counters.awaitedMessages, "tidegate_limiter_messages", "awaited");
    to.total("limiter waits", counters.awaitedCalls, "tidegate_limiter_waits");
    to.total("limiter debt admitted", counters.debtAdmitted, "tidegate_limiter_debt", "admitted");
    to.total("limiter debt forgiven", counters.debtForgiven, "tidegate_limiter_debt", "forgiven");
    to.total("limiter refused by object", counters.refusedByObject, "tidegate_limiter_refusals", "object");
    to.total("limiter refused by lease", counters.refusedByLease, "tidegate_limiter_refusals", "lease");
    to.total("limiter refused by timeout", counters.refusedByTimeout, "tidegate_limiter_refusals", "timeout");
    to.total("limiter undecided", counters.passedUndecided, "tidegate_limiter_undecided");
    to.total("limiter objects", counters.messages, "tidegate_object_requests", "TOKEN_BUCKET");
  };
}

/** Operations that the platform bills. */
export const collectCosts: Collector = (to) => {
  const { objectRequests, kvReads, kvWrites } = costMeters;
  for (const [binding, count] of objectRequests) to.total(`objects ${binding}`, count, "tidegate_object_requests", binding);
  for (const [binding, count] of kvReads) to.total(`KV reads ${binding}`, count, "tidegate_kv_reads", binding);
  for (const [binding, count] of kvWrites) to.total(`KV writes ${binding}`, count, "tidegate_kv_writes", binding);
};

/** Keys of limits with most calls. */
export const collectLimitKeys: Collector = (to) => {
  for (const { rule, hash, allowed, refused } of limitKeys.take()) to.hotKey(rule, hash, allowed, refused);
};

const ROUTE = "route ";

/** Calls in flight, waiting calls and open streams of a scope. */
export function collectScope({ name, limiter, queue, streams }: ConcurrencyScope): Collector {
  const route = name === ISOLATE ? "" : name.startsWith(ROUTE) ? name.slice(ROUTE.length) : name;
  return (to) => {
    const now = Date.now();
    to.gauge("tidegate_calls_in_flight", limiter.inFlight(now), route);
    to.gauge("tidegate_calls_waiting", queue.size, route);
    to.gauge("tidegate_streams_open", streams.inFlight(now), route);
  };
}

/** Memory that calls hold. */
export function collectMemory(memory: ByteBudget): Collector {
  return (to) => {
    to.gauge("tidegate_buffer_bytes", memory.heldBytes(Date.now()), "held");
    to.gauge("tidegate_buffer_bytes", memory.maxBytes, "limit");
  };
}

/** What an isolate stores of responses. */
export function collectStored(stored: { readonly bytes: number; readonly size: number }): Collector {
  return (to) => {
    to.gauge("tidegate_cache_bytes", stored.bytes);
    to.gauge("tidegate_cache_entries", stored.size);
  };
}

/** What is read of a pool. */
export interface CollectedPool {
  readonly name: string; // name of the upstream
  readonly endpoints: ReadonlyMap<string, unknown>; // keyed by their ids
  readonly fleet: Fleet;
  readonly waiting: { readonly size: number };
  readonly retryBudget: Budget;
}

/** The endpoints of an upstream, its calls, and the breakers that are not closed. */
export function collectPool({ name: upstream, endpoints, fleet, waiting, retryBudget }: CollectedPool): Collector {
  return (to) => {
    const now = Date.now();
    to.gauge("tidegate_endpoints", fleet.size, upstream);
    for (const endpoint of endpoints.keys()) to.gauge("tidegate_attempts_in_flight", fleet.inFlight(endpoint, now), upstream);
    to.gauge("tidegate_attempts_waiting", waiting.size, upstream);
    to.gauge("tidegate_retry_budget_left", Math.max(0, Math.floor(retryBudget.left(now))), upstream);
    const { localBreakers } = fleet;
    for (const [endpoint, { local, shared }] of localBreakers.notClosed(now)) {
      if (local !== "closed") to.gauge("tidegate_breaker_state", 1, upstream, endpoint, "local", local);
      if (shared !== "closed") to.gauge("tidegate_breaker_state", 1, upstream, endpoint, "shared", shared);
    }
    for (const [endpoint, openings] of localBreakers.openings())
      to.total(`ejections\n${upstream}\n${endpoint}`, openings, "tidegate_ejections", upstream, endpoint);
  };
}

// What is read when a report is made: counters of others as differences, and gauges.
import { expect, it } from "vitest";
import { IsolateMetrics } from "../../../../core/metrics/isolate-metrics.ts";
import { ByteBudget } from "../../../../core/overload/byte-budget.ts";
import { policyCounters } from "../../../../workers/gateway/call/enforcer.ts";
import { collectLimiter, collectMemory, collectPolicies, collectStored } from "../../../../workers/gateway/metrics/collectors.ts";
import { LimiterCounters } from "../../../../workers/gateway/rate-limit/counters.ts";

function next(isolate: IsolateMetrics): Record<string, number> {
  const reports = isolate.reports();
  isolate.acknowledged(reports.at(-1)!.sequence);
  const { series, gauges } = reports.at(-1)!;
  return Object.fromEntries([...series, ...gauges].map(({ metric, labels, value }) => [[metric, ...labels].join(" "), value!]));
}

it("reports what limiters have done since the report before, and the leases that they hold", () => {
  const isolate = new IsolateMetrics(() => "boot");
  const counters = new LimiterCounters();
  isolate.collect(collectLimiter(counters));
  counters.leasesHeld = 3;
  counters.messages = 5;
  counters.awaitedMessages = 2;
  counters.refusedByLease = 7;
  expect(next(isolate)).toEqual({
    tidegate_limiter_leases: 3,
    "tidegate_limiter_messages awaited": 2,
    "tidegate_limiter_messages background": 3,
    "tidegate_limiter_refusals lease": 7,
    "tidegate_object_requests TOKEN_BUCKET": 5,
  });
  counters.refusedByLease = 8;
  counters.leasesHeld = 0;
  expect(next(isolate)).toEqual({ tidegate_limiter_leases: 0, "tidegate_limiter_refusals lease": 1 });
});

it("reports decisions of policies by name, route and outcome", () => {
  const isolate = new IsolateMetrics(() => "boot");
  isolate.collect(collectPolicies);
  next(isolate);
  const cell = policyCounters.cell("rate_limit", "per-user", "a/B");
  cell.refused += 2;
  cell.would_refuse += 1;
  expect(next(isolate)).toEqual({
    "tidegate_policy_decisions rate_limit per-user a/B refused": 2,
    "tidegate_policy_decisions rate_limit per-user a/B would_refuse": 1,
  });
});

it("shows memory and stored responses", () => {
  const isolate = new IsolateMetrics(() => "boot");
  const memory = new ByteBudget({ maxBytes: 1_000_000, callerShare: 1 });
  memory.reserve(10_000, undefined, Date.now() + 60_000, Date.now());
  isolate.collect(collectMemory(memory));
  isolate.collect(collectStored({ bytes: 500, size: 2 }));
  expect(next(isolate)).toEqual({
    "tidegate_buffer_bytes held": 10_000,
    "tidegate_buffer_bytes limit": 1_000_000,
    tidegate_cache_bytes: 500,
    tidegate_cache_entries: 2,
  });
});

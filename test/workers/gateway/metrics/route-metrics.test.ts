// The cells of a route: calls that end alike share them, whatever other calls there are.
import { expect, it } from "vitest";
import { IsolateMetrics } from "../../../../core/metrics/isolate-metrics.ts";
import type { Call } from "../../../../workers/gateway/call.ts";
import { RouteMetrics } from "../../../../workers/gateway/metrics/route-metrics.ts";

/** Only what the recording of a call reads. */
function call(facts: Partial<Call>): Call {
  const none = { protocol: { kind: "rest" }, httpMethod: "GET", code: "ok", reason: undefined, cacheLevel: "" };
  const zero = {
    receivedAt: 1_000,
    headMs: 5,
    attempts: 0,
    requestBytes: 0,
    responseBytes: 0,
    upstreamMs: 0,
    openAttempts: 0,
    openSinceMs: 0,
  };
  return { ...none, ...zero, ...facts } as unknown as Call;
}

it("counts mixed calls under their labels, with unknown methods as one", () => {
  const isolate = new IsolateMetrics(() => "boot");
  const route = new RouteMetrics(isolate, "/r");
  const kinds: readonly Partial<Call>[] = [
    {},
    { code: "unavailable", reason: "breaker_open" as NonNullable<Call["reason"]> },
    { httpMethod: "POST" },
    { httpMethod: "BREW" },
    { httpMethod: "PROPFIND" },
    { code: "unavailable" },
  ];
  for (let round = 0; round < 10; round++) for (const kind of kinds) route.record(call(kind), 1_005);
  const counts = Object.fromEntries(
    isolate
      .reports()[0]!
      .series.filter(({ metric }) => metric === "tidegate_calls")
      .map(({ labels, value }) => [labels.slice(1).join(" "), value]),
  );
  expect(counts).toEqual({
    "rest GET ok ": 10,
    "rest GET unavailable breaker_open": 10,
    "rest POST ok ": 10,
    "rest other ok ": 20,
    "rest GET unavailable ": 10,
  });
});

it("records no time at upstreams for calls without an attempt, and the gateway's time until the head", () => {
  const isolate = new IsolateMetrics(() => "boot");
  const route = new RouteMetrics(isolate, "/r");
  route.record(call({ headMs: 5 }), 1_005);
  route.record(call({ headMs: 30, attempts: 1, upstreamMs: 20 }), 61_000);
  const { series } = isolate.reports()[0]!;
  const sumOf = (name: string): number | undefined => series.find(({ metric }) => metric === name)?.histogram?.sum;
  expect(sumOf("tidegate_call_upstream_duration")).toBe(20);
  expect(sumOf("tidegate_call_gateway_duration")).toBe(15);
  expect(sumOf("tidegate_call_duration")).toBe(60_005);
});

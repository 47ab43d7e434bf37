// The end of a call is counted without making an object: measured on the heap after a hundred thousand of them.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { IsolateMetrics } from "../../core/metrics/isolate-metrics.ts";
import type { Call } from "../../workers/gateway/call.ts";
import { RouteMetrics } from "../../workers/gateway/metrics/route-metrics.ts";
import { UpstreamMetrics } from "../../workers/gateway/metrics/upstream-metrics.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const CALLS = 100_000;

/** What the recording of a call reads. */
function endedCall(code: string, attempts: number): Call {
  const none = { protocol: { kind: "connect_unary" }, httpMethod: "POST", code, reason: undefined, cacheLevel: "miss" };
  const times = { receivedAt: 1_000, headMs: 25, attempts, upstreamMs: 20, openAttempts: 0, openSinceMs: 0 };
  return { ...none, ...times, requestBytes: 40, responseBytes: 100 } as unknown as Call;
}

function bytesLeftBy(run: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  run();
  return (process.memoryUsage().heapUsed - before) / CALLS;
}

it("allocates less than a byte per call and attempt, also where calls end differently in turn", () => {
  const isolate = new IsolateMetrics(() => "boot");
  const route = new RouteMetrics(isolate, "users.v1.UserService/GetUser");
  const upstream = new UpstreamMetrics(isolate, "users.v1.UserService");
  const calls = [endedCall("ok", 1), endedCall("unavailable", 2), endedCall("not_found", 0)];
  const record = (): void => {
    for (let n = 0; n < CALLS; n++) {
      route.record(calls[n % 3]!, 1_025 + (n % 50));
      upstream.attemptEnded("USERS", "responded", n % 50);
    }
  };
  for (let round = 0; round < 5; round++) record(); // until the code is compiled
  const least = Math.min(...Array.from({ length: 5 }, () => bytesLeftBy(record)));
  expect(least).toBeLessThan(1);
  const counted = isolate.reports()[0]!.series.filter(({ metric }) => metric === "tidegate_calls");
  expect(counted.reduce((sum, { value }) => sum + value!, 0)).toBe(10 * CALLS);
  const made: object[] = [];
  expect(
    bytesLeftBy(() => {
      for (let n = 0; n < CALLS; n++) made.push({ n });
    }),
  ).toBeGreaterThan(8); // control: objects are noticed
  expect(made.length).toBe(CALLS);
});

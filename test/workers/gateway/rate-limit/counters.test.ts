// The record that the limiter of an isolate writes about itself.
import { afterEach, expect, it, vi } from "vitest";
import { LimiterCounters } from "../../../../workers/gateway/rate-limit/counters.ts";

const NOW = 1_000_000;
const written = () => {
  const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  return () => log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
};

afterEach(() => void vi.restoreAllMocks());

it("says nothing while all calls are decided and all debt is charged", () => {
  const records = written();
  const counters = new LimiterCounters();
  Object.assign(counters, { messages: 9, awaitedMessages: 2, awaitedCalls: 3, debtAdmitted: 40, refusedByObject: 5, refusedByLease: 6 });
  counters.log(NOW);
  expect(records()).toEqual([]);
});

it.each(["refusedByTimeout", "passedUndecided", "debtForgiven"] as const)(
  "has all counters, at most once a minute: after %s",
  (counter) => {
    const records = written();
    const counters = new LimiterCounters();
    counters.messages = 7;
    counters[counter] += 1;
    counters.log(NOW);
    expect(records()).toEqual([
      {
        ...{ level: "warn", event: "rate_limit_counters", leasesHeld: 0, messages: 7, awaitedMessages: 0, awaitedCalls: 0 },
        ...{ debtAdmitted: 0, debtForgiven: 0, refusedByObject: 0, refusedByLease: 0, refusedByTimeout: 0, passedUndecided: 0 },
        [counter]: 1,
      },
    ]);
    counters.log(NOW + 60_000);
    expect(records()).toHaveLength(1); // nothing new
    counters[counter] += 1;
    counters.log(NOW + 59_999);
    expect(records()).toHaveLength(1);
    counters.log(NOW + 60_000);
    expect(records()).toHaveLength(2);
  },
);

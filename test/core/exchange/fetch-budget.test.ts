// Fetches that a relay makes.
import { expect, it } from "vitest";
import { FetchBudget } from "../../../core/exchange/fetch-budget.ts";
import { RelayState } from "../../../core/exchange/relay-state.ts";

it("allows so many in any minute, and more when the first ones are a minute old", () => {
  const budget = new FetchBudget(2);
  expect([budget.take(0), budget.take(10_000), budget.take(59_999), budget.take(60_000), budget.take(60_001)]).toEqual([
    ...[true, true, false, true, false],
  ]);
  expect([budget.take(69_999), budget.take(70_000)]).toEqual([false, true]);
});

it("bounds the directories of a relay: 10 a minute, whatever isolates name", () => {
  const state = new RelayState(0, () => 0);
  const request = (from: number) => ({
    ...{ version: 1, isolate: "i", location: "l", shards: 1, isFirst: false, intervalMs: 5_000 },
    issuers: Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [
        `agent https://a${from + n}.example`,
        {
          source: { kind: "directory", url: `https://a${from + n}.example/keys` } as const,
          ...{ refreshMs: 3_600_000, refetchMs: 60_000, known: "" },
        },
      ]),
    ),
  });
  const fetched = (from: number, now: number) => state.receive(request(from) as never, now).due.length;
  expect([fetched(0, 0), fetched(100, 1_000), fetched(200, 59_999), fetched(300, 60_000)]).toEqual([10, 0, 0, 10]);
});

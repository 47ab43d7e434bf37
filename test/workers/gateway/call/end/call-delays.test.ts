// Delays of calls before they are sent: only of calls that waited, each taken once.
import { expect, it } from "vitest";
import { recordDelay, takeDelays } from "../../../../../workers/gateway/call/end/call-delays.ts";

it("has the delays since they were taken, by cause", () => {
  takeDelays();
  recordDelay("limiter", Date.now() - 40);
  recordDelay("limiter", Date.now() - 41);
  recordDelay("body", Date.now() - 1_000);
  recordDelay("retry", Date.now() + 5); // the clock was set back
  const taken = Object.fromEntries(takeDelays());
  expect(Object.keys(taken).toSorted()).toEqual(["body", "limiter"]);
  expect(taken["limiter"]!.sum).toBeGreaterThanOrEqual(81);
  expect(taken["limiter"]!.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(takeDelays()).toEqual([]);
});

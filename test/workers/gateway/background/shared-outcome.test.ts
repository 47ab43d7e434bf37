import { expect, it, vi } from "vitest";
import { SharedOutcome } from "../../../../workers/gateway/background/shared-outcome.ts";

const LONG_MS = 600_000;

it("gives the result to each request that waits, and to those that come later", async () => {
  const outcome = new SharedOutcome<string>();
  const waits = [outcome.wait(LONG_MS), outcome.wait(Number.POSITIVE_INFINITY)];
  expect(outcome.waiting).toBe(2);
  outcome.settle("first");
  outcome.settle("second");
  expect(await Promise.all(waits)).toEqual(["first", "first"]);
  expect(await outcome.wait(0)).toBe("first");
  expect(outcome.waiting).toBe(0);
});

it("ends a wait when its time is over, without the others", async () => {
  const outcome = new SharedOutcome<string>();
  const woken = vi.fn();
  void outcome.wait(LONG_MS).then(woken);
  expect(await outcome.wait(1)).toBeUndefined();
  expect([await outcome.wait(0), await outcome.wait(-1)]).toEqual([undefined, undefined]);
  expect([outcome.waiting, woken.mock.calls.length]).toEqual([1, 0]);
  outcome.settle("late");
  await vi.waitUntil(() => woken.mock.calls.length === 1);
  expect(woken).toHaveBeenCalledWith("late");
});

it("can hold a result that is undefined", async () => {
  const outcome = new SharedOutcome<undefined>();
  outcome.settle(undefined);
  expect(await outcome.wait(LONG_MS)).toBeUndefined();
});

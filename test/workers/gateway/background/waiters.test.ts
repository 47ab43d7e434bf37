import { expect, it, vi } from "vitest";
import { Waiters } from "../../../../workers/gateway/background/waiters.ts";

const LONG_MS = 600_000;

it("wakes every call that waits, and none that comes later", async () => {
  const waiters = new Waiters();
  const first = [waiters.wait(2, LONG_MS), waiters.wait(3, LONG_MS)];
  expect([waiters.size, waiters.tokens, waiters.least]).toEqual([2, 5, 2]);
  waiters.wake();
  expect([waiters.size, waiters.tokens, waiters.least]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
  const woken = vi.fn();
  void waiters.wait(1, LONG_MS).then(woken);
  await Promise.all(first);
  expect(woken).not.toHaveBeenCalled();
  expect(waiters.size).toBe(1);
  waiters.wake();
  await vi.waitUntil(() => woken.mock.calls.length === 1);
});

it("ends a wait when its time is over, without the others", async () => {
  const waiters = new Waiters();
  const woken = vi.fn();
  void waiters.wait(7, LONG_MS).then(woken);
  await waiters.wait(1, 1);
  expect([waiters.size, waiters.tokens]).toEqual([1, 7]);
  expect(woken).not.toHaveBeenCalled();
  waiters.wake();
});

it("can be woken while nothing waits", () => {
  const waiters = new Waiters();
  waiters.wake();
  expect(waiters.size).toBe(0);
});

it("counts a call that has joined until it leaves, also after it was woken", async () => {
  const waiters = new Waiters();
  const [one, another] = [waiters.join(2), waiters.join(3)];
  const asleep = [one.sleep(LONG_MS), another.sleep(LONG_MS)];
  waiters.wake();
  expect([waiters.size, waiters.tokens]).toEqual([2, 5]);
  await Promise.all(asleep);
  one.leave();
  expect([waiters.size, waiters.tokens]).toEqual([1, 3]);
  const again = another.sleep(LONG_MS);
  waiters.wake();
  await again;
  expect(waiters.tokens).toBe(3);
  another.leave();
  expect(waiters.size).toBe(0);
});

it("forgets a call that has not continued between two wakes, and counts it again if it does later", async () => {
  const waiters = new Waiters();
  const cancelled = waiters.join(2);
  void cancelled.sleep(LONG_MS);
  waiters.wake();
  expect(waiters.tokens).toBe(2);
  waiters.wake();
  expect(waiters.tokens).toBe(0);
  const late = cancelled.sleep(LONG_MS);
  expect(waiters.tokens).toBe(2);
  waiters.wake();
  await late;
});

// The timer that all small bodies share.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BodyTimer, MAX_SHARED_MS } from "../../../../workers/gateway/bodies/body-timer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function waiter(timer: BodyTimer) {
  const expired: string[] = [];
  const add = (name: string, ms: number) => {
    const wait = { expiresAt: Date.now() + ms, expire: () => void expired.push(`${name} ${Date.now()}`) };
    timer.add(wait, Date.now());
    return wait;
  };
  return { expired, add };
}

it("ends each wait at its time, whatever their order, with one timer for all that come later than the first", async () => {
  vi.setSystemTime(0);
  const timer = new BodyTimer();
  const { expired, add } = waiter(timer);
  add("a", 500);
  add("b", 900);
  add("c", 500);
  expect(vi.getTimerCount()).toBe(1);
  add("d", 100);
  expect(vi.getTimerCount()).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(expired).toEqual(["d 100", "a 500", "c 500", "b 900"]);
  expect([timer.size, vi.getTimerCount()]).toEqual([0, 0]);
});

it("does not end a wait that was removed, and stops once none is left", async () => {
  vi.setSystemTime(0);
  const timer = new BodyTimer();
  const { expired, add } = waiter(timer);
  timer.remove(add("a", 500));
  await vi.advanceTimersByTimeAsync(500);
  expect([expired, vi.getTimerCount()]).toEqual([[], 0]);
  add("b", 200);
  await vi.advanceTimersByTimeAsync(200);
  expect(expired).toEqual(["b 700"]);
});

it("ends waits that come at any time, though no request lives for ever", async () => {
  vi.setSystemTime(0);
  const timer = new BodyTimer();
  const { expired, add } = waiter(timer);
  for (let at = 0; at < 60_000; at += 1_000) {
    add(String(at + MAX_SHARED_MS), MAX_SHARED_MS);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(MAX_SHARED_MS);
  expect(expired).toHaveLength(60);
  expect(expired.every((line) => line.split(" ")[0] === line.split(" ")[1])).toBe(true);
});

it("starts again where the request of the timer has been ended", async () => {
  vi.setSystemTime(0);
  const timer = new BodyTimer();
  const { expired, add } = waiter(timer);
  const set = vi.spyOn(globalThis, "setTimeout").mockReturnValueOnce(0 as never);
  add("lost", 500);
  set.mockRestore();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(expired).toEqual([]);
  add("next", 500);
  await vi.advanceTimersByTimeAsync(500);
  expect(expired).toEqual(["lost 2500", "next 2500"]);
});

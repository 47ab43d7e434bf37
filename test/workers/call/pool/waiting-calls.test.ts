import { expect, it } from "vitest";
import { CRITICAL } from "../../../../core/overload/criticality.ts";
import { WaitingCalls } from "../../../../workers/call/pool/waiting-calls.ts";

const LONG_MS = 60_000;
const FOREVER = Number.POSITIVE_INFINITY;

/** Waits, and records by name which calls go on. */
function queue(maxQueued: number, queueMs = LONG_MS) {
  const waiting = new WaitingCalls(maxQueued, queueMs);
  const gone: string[] = [];
  const wait = (name: string, now: number, rank = CRITICAL, deadlineAt = FOREVER) => {
    const { done, waitMs } = waiting.wait(deadlineAt, rank, now);
    return { waitMs, done: done.then(() => void gone.push(name)) };
  };
  return { waiting, gone, wait };
}

it("lets the oldest call go on when another one ends", async () => {
  const { waiting, gone, wait } = queue(5);
  const [first] = [wait("first", 0), wait("second", 0)];
  waiting.admitNext(10);
  await first.done;
  expect([gone, first.waitMs]).toEqual([["first"], LONG_MS]);
});

it("lets a more critical call go on first", async () => {
  const { waiting, gone, wait } = queue(5);
  wait("sheddable", 0, 0);
  const critical = wait("critical", 1, CRITICAL);
  waiting.admitNext(10);
  await critical.done;
  expect(gone).toEqual(["critical"]);
});

it("ends the wait of a call for which there is no room, at once", async () => {
  const { gone, wait } = queue(1);
  wait("waits", 0);
  await wait("newcomer", 0).done;
  expect(gone).toEqual(["newcomer"]);
});

it("lets calls whose deadline has passed go on with the next one: they are refused", async () => {
  const { waiting, gone, wait } = queue(5);
  const late = wait("late", 0, CRITICAL, 5);
  const next = wait("next", 0);
  waiting.admitNext(10);
  await Promise.all([late.done, next.done]);
  expect(gone.toSorted()).toEqual(["late", "next"]);
});

it("ends each wait after its time, and forgets the call", async () => {
  const { waiting, gone, wait } = queue(1, 20);
  await wait("first", 0).done;
  waiting.admitNext(30); // nobody is left
  await wait("second", 40).done; // there is room again
  expect(gone).toEqual(["first", "second"]);
});

// A bounded queue: which call is served next, and which ones are dropped.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";

interface NamedCall extends QueuedCall {
  readonly name: string;
}
const call = (name: string, since: number, more: Partial<NamedCall> = {}): NamedCall => ({
  name,
  since,
  deadlineAt: since + 1_000,
  rank: 2,
  ...more,
});
const fill = (queue: WaitQueue<NamedCall>, all: readonly NamedCall[]) => {
  for (const each of all) queue.offer(each, each.since);
};

describe("a queue", () => {
  it("serves a burst in its order, the most critical first", () => {
    const queue = new WaitQueue<NamedCall>(10);
    fill(queue, [call("a", 0), call("b", 1), call("c", 2, { rank: 3 })]);
    expect([10, 20, 30].map((now) => queue.next(now).next?.name)).toEqual(["c", "a", "b"]);
    expect(queue.next(40)).toEqual({ next: undefined, dropped: [] });
  });

  it("serves the newest while it does not become empty, and drops calls that have waited for 20 ms", () => {
    const queue = new WaitQueue<NamedCall>(10);
    fill(queue, [call("a", 0), call("b", 50), call("c", 190), call("d", 195)]);
    const { next, dropped } = queue.next(200);
    expect([next?.name, dropped.map(({ name }) => name)]).toEqual(["d", ["a", "b"]]);
    expect(queue.next(201).next?.name).toBe("c");
    fill(queue, [call("e", 300), call("f", 310)]); // it was empty in between: a burst
    expect(queue.next(320).next?.name).toBe("e");
  });

  it("drops calls past their deadline, and replaces a waiting call by a more critical one only", () => {
    const queue = new WaitQueue<NamedCall>(2);
    fill(queue, [call("a", 0, { rank: 1 }), call("b", 0, { deadlineAt: 5 })]);
    expect(queue.offer(call("same", 1, { rank: 1 }), 1)?.name).toBe("same");
    expect(queue.offer(call("more", 1, { rank: 3 }), 1)?.name).toBe("a");
    const { next, dropped } = queue.next(10);
    expect([next?.name, dropped.map(({ name }) => name)]).toEqual(["more", ["b"]]);
  });

  it("never holds more than its maximum, and returns every call exactly once", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ offer: fc.integer({ min: 0, max: 3 }), lifeMs: fc.integer({ min: 0, max: 300 }) }),
        fc.record({ waitMs: fc.integer({ min: 0, max: 80 }) }),
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new WaitQueue<NamedCall>(5);
        const returned = new Map<string, number>();
        const count = ({ name }: NamedCall) => returned.set(name, (returned.get(name) ?? 0) + 1);
        let [now, offered] = [0, 0];
        for (const step of all) {
          if ("offer" in step) {
            const refused = queue.offer(call(`${offered++}`, now, { rank: step.offer, deadlineAt: now + step.lifeMs }), now);
            if (refused !== undefined) count(refused);
          } else {
            now += step.waitMs;
            const { next, dropped } = queue.next(now);
            if (next !== undefined) expect(next.deadlineAt).toBeGreaterThan(now);
            for (const each of next === undefined ? dropped : [next, ...dropped]) count(each);
          }
          expect(queue.size).toBeLessThanOrEqual(5);
          expect(returned.size + queue.size).toBe(offered);
        }
        expect([...returned.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });
});

describe("a queue at its bounds", () => {
  const call = (since: number, rank = 2, deadlineAt = 9e9): QueuedCall => ({ since, rank, deadlineAt });

  it("stands when it has not been empty for more than 100 ms; then no call waits longer than 20 ms", () => {
    const served = (now: number) => {
      const queue = new WaitQueue<QueuedCall>(9);
      queue.offer(call(0), 0);
      queue.offer(call(80), 80);
      queue.offer(call(90), 90);
      const { next, dropped } = queue.next(now);
      return [next?.since, dropped.map(({ since }) => since), queue.size];
    };
    expect(served(100)).toEqual([0, [], 2]);
    expect(served(101)).toEqual([90, [0, 80], 0]);
    expect(served(110)).toEqual([90, [0, 80], 0]);
    expect(served(111)).toEqual([undefined, [0, 80, 90], 0]);
  });

  it("serves no call at its deadline, and the first of equals while it does not stand", () => {
    const queue = new WaitQueue<QueuedCall>(9);
    for (const each of [call(0, 2, 10), call(1, 2), call(2, 2), call(3, 1)]) queue.offer(each, each.since);
    const { next, dropped } = queue.next(10);
    expect([next?.since, dropped.map(({ since }) => since)]).toEqual([1, [0]]);
    const left = queue.next(11).next!;
    queue.remove(left);
    queue.remove(call(99));
    expect([left.since, queue.size]).toEqual([2, 1]);
  });

  it("serves the most critical one while it stands, and of equals the newest", () => {
    const queue = new WaitQueue<QueuedCall>(9);
    for (const each of [call(0, 1), call(95, 2), call(96, 3), call(97, 3), call(98, 1)]) queue.offer(each, each.since);
    expect([101, 102, 103, 104, 105].map((now) => queue.next(now).next?.since)).toEqual([97, 96, 95, 98, undefined]);
  });

  it("refuses every call where the maximum is 0", () => {
    const queue = new WaitQueue<QueuedCall>(0);
    const late = call(0);
    expect(queue.offer(late, 0)).toBe(late);
    expect(queue.size).toBe(0);
  });
});

it("no longer holds a call that was removed", () => {
  const queue = new WaitQueue<NamedCall>(2);
  const [first, second] = [call("a", 0), call("b", 1)];
  for (const each of [first, second]) queue.offer(each, each.since);
  queue.remove(first);
  expect(queue.size).toBe(1);
  expect(queue.offer(call("c", 2), 2)).toBeUndefined();
  expect([3, 4].map((now) => queue.next(now).next?.name)).toEqual(["b", "c"]);
});

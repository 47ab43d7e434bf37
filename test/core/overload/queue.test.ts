// Who waits, who is served next, and who has waited in vain.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";

interface One extends QueuedCall {
  readonly name: string;
}
const one = (name: string, since: number, more: Partial<One> = {}): One => ({ name, since, deadlineAt: since + 1_000, rank: 2, ...more });
const fill = (queue: WaitQueue<One>, all: readonly One[]) => {
  for (const each of all) queue.offer(each, each.since);
};

describe("a queue", () => {
  it("serves a burst in its order, the most critical first", () => {
    const queue = new WaitQueue<One>(10);
    fill(queue, [one("a", 0), one("b", 1), one("c", 2, { rank: 3 })]);
    expect([10, 20, 30].map((now) => queue.next(now).next?.name)).toEqual(["c", "a", "b"]);
    expect(queue.next(40)).toEqual({ next: undefined, dropped: [] });
  });

  it("that does not empty serves the newest, and drops who has waited for more than a moment", () => {
    const queue = new WaitQueue<One>(10);
    fill(queue, [one("a", 0), one("b", 50), one("c", 190), one("d", 195)]);
    const { next, dropped } = queue.next(200);
    expect([next?.name, dropped.map(({ name }) => name)]).toEqual(["d", ["a", "b"]]);
    expect(queue.next(201).next?.name).toBe("c");
    fill(queue, [one("e", 300), one("f", 310)]); // it was empty: a burst again
    expect(queue.next(320).next?.name).toBe("e");
  });

  it("drops who is past the deadline, and hands a full place to who matters more only", () => {
    const queue = new WaitQueue<One>(2);
    fill(queue, [one("a", 0, { rank: 1 }), one("b", 0, { deadlineAt: 5 })]);
    expect(queue.offer(one("same", 1, { rank: 1 }), 1)?.name).toBe("same");
    expect(queue.offer(one("more", 1, { rank: 3 }), 1)?.name).toBe("a");
    const { next, dropped } = queue.next(10);
    expect([next?.name, dropped.map(({ name }) => name)]).toEqual(["more", ["b"]]);
  });

  it("never holds more than it may, and tells of everybody exactly once", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ offer: fc.integer({ min: 0, max: 3 }), lifeMs: fc.integer({ min: 0, max: 300 }) }),
        fc.record({ take: fc.integer({ min: 0, max: 80 }) }),
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new WaitQueue<One>(5);
        const told = new Map<string, number>();
        const tell = ({ name }: One) => told.set(name, (told.get(name) ?? 0) + 1);
        let [now, offered] = [0, 0];
        for (const step of all) {
          if ("offer" in step) {
            const refused = queue.offer(one(`${offered++}`, now, { rank: step.offer, deadlineAt: now + step.lifeMs }), now);
            if (refused !== undefined) tell(refused);
          } else {
            now += step.take;
            const { next, dropped } = queue.next(now);
            if (next !== undefined) expect(next.deadlineAt).toBeGreaterThan(now);
            for (const each of next === undefined ? dropped : [next, ...dropped]) tell(each);
          }
          expect(queue.size).toBeLessThanOrEqual(5);
          expect(told.size + queue.size).toBe(offered);
        }
        expect([...told.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });
});

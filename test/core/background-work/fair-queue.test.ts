import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../../../core/background-work/fair-queue.ts";

const entry = (key: string, id: number) => ({ key, id });
const drained = <E extends { readonly key: string }>(queue: FairQueue<E>): E[] => {
  const all: E[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) all.push(next);
  return all;
};

describe("FairQueue", () => {
  it("serves each key in turn, whatever the others have", () => {
    const queue = new FairQueue<{ key: string; id: number }>(100);
    for (let id = 0; id < 4; id++) queue.add(entry("a", id));
    queue.add(entry("b", 10));
    queue.add(entry("c", 20));
    queue.add(entry("b", 11));
    expect(drained(queue).map(({ key, id }) => `${key}${id}`)).toEqual(["a0", "b10", "c20", "a1", "b11", "a2", "a3"]);
  });

  it("gives a key that comes late its turn after those that wait, at most once around", () => {
    const queue = new FairQueue<{ key: string; id: number }>(100);
    for (let id = 0; id < 3; id++) for (const key of ["a", "b"]) queue.add(entry(key, id));
    expect(queue.take()).toEqual(entry("a", 0));
    queue.add(entry("c", 0));
    expect([queue.take(), queue.take(), queue.take()]).toEqual([entry("b", 0), entry("a", 1), entry("c", 0)]);
  });

  it("leaves out the newest of the key that has most, for a key that has less", () => {
    const queue = new FairQueue<{ key: string; id: number }>(4);
    const greedy = [0, 1, 2, 3].map((id) => entry("greedy", id));
    for (const one of greedy) expect(queue.add(one)).toBeUndefined();
    const more = entry("greedy", 4);
    expect(queue.add(more)).toBe(more);
    expect(queue.add(entry("small", 0))).toBe(greedy[3]);
    expect(queue.add(entry("small", 1))).toBe(greedy[2]);
    const third = entry("small", 2);
    expect(queue.add(third)).toBe(third); // it would have as much as the other
    expect(queue.size).toBe(4);
  });

  it("leaves nothing out for a key that would then have as much: two keys do not push out each other", () => {
    const queue = new FairQueue<{ key: string; id: number }>(3);
    for (const one of [entry("a", 0), entry("a", 1), entry("b", 0)]) queue.add(one);
    const second = entry("b", 1);
    expect(queue.add(second)).toBe(second);
  });

  it("leaves out an entry of the key whose turn comes first, where several have most", () => {
    const queue = new FairQueue<{ key: string; id: number }>(4);
    const waiting = [entry("a", 0), entry("a", 1), entry("b", 0), entry("b", 1)];
    for (const one of waiting) queue.add(one);
    expect(queue.add(entry("c", 0))).toBe(waiting[1]);
  });

  it("is full from the start with no places", () => {
    const one = entry("a", 0);
    expect(new FairQueue(0).add(one)).toBe(one);
  });

  it("loses nothing, returns nothing twice, keeps its bound, and lets no key wait longer than one turn of each other", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.constantFrom("a", "b", "c", "d") }) },
      { weight: 2, arbitrary: fc.constant("take" as const) },
      { weight: 1, arbitrary: fc.record({ drop: fc.nat({ max: 20 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const queue = new FairQueue<{ key: string; id: number }>(8);
        const model: { key: string; id: number }[] = [];
        const passedOver = new Map<string, Map<string, number>>(); // turns of each other key since its own, for each key that waits
        let id = 0;
        for (const one of steps) {
          if (one === "take") {
            const taken = queue.take();
            expect(taken).toEqual(taken === undefined ? undefined : model.find(({ key }) => key === taken.key)); // the oldest of its key
            if (taken === undefined) continue;
            model.splice(model.indexOf(taken), 1);
            for (const key of new Set(model.map((other) => other.key))) {
              if (key === taken.key) continue;
              const turns = passedOver.get(key) ?? new Map<string, number>();
              passedOver.set(key, turns.set(taken.key, (turns.get(taken.key) ?? 0) + 1));
              expect(turns.get(taken.key)).toBeLessThanOrEqual(1);
            }
            passedOver.delete(taken.key);
          } else if ("add" in one) {
            const added = entry(one.add, id++);
            expect(queue.size).toBe(model.length);
            const wasFull = model.length === 8;
            const leftOut = queue.add(added);
            expect(leftOut !== undefined).toBe(wasFull);
            model.push(added);
            if (leftOut !== undefined) model.splice(model.indexOf(leftOut), 1);
          } else {
            const dropped = model[one.drop];
            if (dropped !== undefined) expect(queue.delete(dropped)).toBe(true);
            if (dropped !== undefined) expect(queue.delete(model.splice(one.drop, 1)[0]!)).toBe(false);
          }
          for (const key of passedOver.keys()) if (!model.some((other) => other.key === key)) passedOver.delete(key);
          expect(queue.size).toBe(model.length);
          expect(queue.size).toBeLessThanOrEqual(8);
        }
        expect(new Set(drained(queue))).toEqual(new Set(model));
      }),
      { numRuns: 500 },
    );
  });
});

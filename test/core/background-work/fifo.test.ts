import fc from "fast-check";
import { expect, it } from "vitest";
import { Fifo } from "../../../core/background-work/fifo.ts";

it("returns what an array would, in any order of operations", () => {
  const operation = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 2_000 }) }),
    fc.record({ take: fc.integer({ min: 0, max: 1_500 }) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of operations) {
        if ("push" in step) {
          for (let index = 0; index < step.push; index++) {
            fifo.push(next);
            model.push(next++);
          }
        } else expect(fifo.take(step.take)).toEqual(model.splice(0, step.take));
        expect([fifo.size, fifo.first, fifo.peek(3)]).toEqual([model.length, model[0], model[3]]);
      }
    }),
  );
});

/** Runs with arrays that count: the longest one that got `item`, and how many places were copied from arrays. */
function counted(item: unknown, run: () => void): { readonly longest: number; readonly copied: number } {
  const { push, slice } = Array.prototype;
  const counts = { longest: 0, copied: 0 };
  Array.prototype.push = function (...items) {
    const length = push.apply(this, items);
    if (items[0] === item) counts.longest = Math.max(counts.longest, length);
    return length;
  };
  Array.prototype.slice = function (...range) {
    const part = slice.apply(this, range);
    if (part.includes(item)) counts.copied += part.length;
    return part;
  };
  try {
    run();
  } finally {
    Object.assign(Array.prototype, { push, slice });
  }
  return counts;
}

it("keeps no places of what was taken, however much has gone through", () => {
  const item = Symbol("item");
  const { longest, copied } = counted(item, () => {
    const fifo = new Fifo<symbol>();
    for (let n = 0; n < 100; n++) fifo.push(item);
    for (let n = 0; n < 20_000; n++) {
      fifo.push(item);
      fifo.take(1);
    }
  });
  expect(longest).toBeLessThan(2_000);
  expect(copied).toBeLessThan(40_000);
});

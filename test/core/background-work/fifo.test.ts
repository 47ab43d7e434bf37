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

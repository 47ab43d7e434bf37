// Permits: what is in flight, until it is released or expires.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Permit, Permits } from "../../../core/overload/permits.ts";

const callers = [undefined, ...[1, 2, 3].map((shareKey) => ({ shareKey }))];

describe("permits", () => {
  it("count what was acquired and neither released nor expired, in all and for each key", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("acquire" as const), lifeMs: fc.integer({ min: 1, max: 50 }), key: fc.integer({ min: 0, max: 3 }) }),
        fc.record({ kind: fc.constant("release" as const), which: fc.nat({ max: 30 }) }),
        fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 30 }) }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const permits = new Permits();
        let now = 0;
        let model: Permit[] = [];
        for (const step of all) {
          if (step.kind === "wait") now += step.ms;
          model = model.filter(({ expiresAt }) => expiresAt > now);
          expect(permits.count(now)).toBe(model.length);
          if (step.kind === "acquire") {
            const permit = permits.acquire(now, now + step.lifeMs, callers[step.key]);
            model.push(permit);
            expect(permit).toMatchObject({ startedAt: now, expiresAt: now + step.lifeMs, inFlightAtStart: model.length });
          }
          const released = step.kind === "release" ? model[step.which] : undefined;
          if (released !== undefined) {
            expect([permits.release(released), permits.release(released)]).toEqual([true, false]);
            model = model.filter((permit) => permit !== released);
          }
          for (const caller of callers.slice(1)) {
            const held = model.filter(({ holder }) => holder === caller).length;
            expect(permits.heldBy(caller!, 0)).toBe(held);
          }
          const holders = model.flatMap(({ holder }) => holder ?? []);
          if (model.length > 0) expect(permits.holderCount).toBe(new Set(holders).size);
        }
      }),
    );
  });

  it("expire at their deadline, to the ms", () => {
    const permits = new Permits();
    permits.acquire(0, 100, undefined);
    permits.acquire(0, 50, undefined);
    permits.acquire(0, 70, undefined);
    expect([49, 50, 69, 70, 99, 100].map((now) => permits.count(now))).toEqual([3, 2, 2, 1, 1, 0]);
  });
});

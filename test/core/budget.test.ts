// What a budget lets through: its share of the calls, its rate, and no more than its cap.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget, type BudgetSettings } from "../../core/budget.ts";

const budgetOf = (settings: Partial<BudgetSettings>): Budget => new Budget({ share: 0, perSecond: 0, cap: 1_000, initial: 0, ...settings });

function takeAll(budget: Budget, now: number): number {
  let count = 0;
  while (count < 10_000 && budget.take(now)) count += 1;
  return count;
}

describe("a budget", () => {
  it("starts with its initial tokens, and takes whole ones only", () => {
    const budget = budgetOf({ initial: 2.5 });
    expect([budget.take(0), budget.take(0), budget.take(0)]).toEqual([true, true, false]);
    expect(budget.isSpent(0)).toBe(true);
  });

  it("says what is left: with what time has earned", () => {
    expect(budgetOf({ initial: 3 }).left(1_000)).toBe(3);
    const timed = budgetOf({ initial: 3, perSecond: 2, cap: 10 });
    expect([timed.left(1_000), timed.left(2_000), timed.left(60_000)]).toEqual([3, 5, 10]);
  });

  it("earns its share of each call, up to its cap", () => {
    const budget = budgetOf({ share: 0.5, cap: 2, initial: 1 });
    expect(takeAll(budget, 0)).toBe(1);
    budget.earn();
    expect(budget.isSpent(0)).toBe(true);
    budget.earn();
    expect(budget.isSpent(0)).toBe(false);
    for (let call = 0; call < 100; call++) budget.earn();
    expect(takeAll(budget, 0)).toBe(2);
  });

  it("earns a part of its share where the caller says so", () => {
    const budget = budgetOf({ share: 0.5 });
    for (let call = 0; call < 19; call++) budget.earn(0.1);
    expect(budget.take(0)).toBe(false);
    for (let call = 0; call < 2; call++) budget.earn(0.1); // one more than 20: a tenth is not exact in binary
    expect(budget.take(0)).toBe(true);
  });

  it("earns its rate with time, from the first look on, up to its cap", () => {
    const budget = budgetOf({ perSecond: 2, cap: 25 });
    expect(takeAll(budget, 1_000)).toBe(0);
    expect(takeAll(budget, 2_500)).toBe(3);
    expect(takeAll(budget, 2_999)).toBe(0);
    expect(takeAll(budget, 3_000)).toBe(1);
    expect(takeAll(budget, 1_000_000)).toBe(25);
  });

  it("counts time once, whichever method looks first", () => {
    const budget = budgetOf({ perSecond: 1 });
    expect(budget.isSpent(0)).toBe(true);
    expect(budget.isSpent(999)).toBe(true);
    expect(budget.isSpent(1_000)).toBe(false);
    expect(takeAll(budget, 1_000)).toBe(1);
  });

  it("neither earns nor loses where the clock steps back", () => {
    const budget = budgetOf({ perSecond: 1, initial: 3 });
    expect(takeAll(budget, 10_000)).toBe(3);
    expect(budget.take(0)).toBe(false);
    expect(budget.take(10_999)).toBe(false);
    expect(budget.take(11_000)).toBe(true);
  });

  it("goes into debt by a charge, and earns the debt back", () => {
    const budget = budgetOf({ share: 1, initial: 1 });
    for (let n = 0; n < 3; n++) budget.charge();
    budget.earn();
    budget.earn();
    expect(budget.isSpent(0)).toBe(true);
    budget.earn();
    expect(budget.take(0)).toBe(true);
    expect(budget.take(0)).toBe(false);
  });

  it("never lets through more than it had, earned by calls and earned with time", () => {
    const settings = fc.record({
      share: fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4),
      perSecond: fc.integer({ min: 0, max: 8 }),
      cap: fc.integer({ min: 0, max: 20 }),
      initial: fc.constant(0),
    });
    const steps = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 4 }).map((n) => n * 250), calls: fc.integer({ min: 0, max: 4 }) }));
    fc.assert(
      fc.property(settings, steps, (limits, walk) => {
        const budget = new Budget(limits);
        let [now, taken, earned] = [0, 0, 0];
        budget.isSpent(now);
        for (const { gapMs, calls } of walk) {
          now += gapMs;
          earned += calls * limits.share + (gapMs / 1_000) * limits.perSecond;
          for (let call = 0; call < calls; call++) budget.earn();
          const took = takeAll(budget, now);
          expect(took).toBeLessThanOrEqual(limits.cap);
          taken += took;
        }
        expect(taken).toBeLessThanOrEqual(earned);
      }),
    );
  });
});

// Holdings: what is held in all and by each caller, whenever counting by caller starts and ends.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Holding, Holdings } from "../../../core/overload/holdings.ts";

const callers = [1, 2, 3].map((shareKey) => ({ shareKey }));

const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    amount: fc.integer({ min: 1, max: 9 }),
    lifeMs: fc.integer({ min: 1, max: 40 }),
    caller: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({ kind: fc.constant("release" as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant("resize" as const), which: fc.nat({ max: 20 }), amount: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ kind: fc.constant("count" as const), caller: fc.integer({ min: 0, max: 2 }) }),
);

describe("holdings", () => {
  it("are summed in all, and for each caller once much is held, exactly once each", () => {
    const from = 12;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const holdings = new Holdings<Holding>();
        const all: Holding[] = [];
        let model = new Map<Holding, number>();
        let now = 0;
        for (const one of steps) {
          if (one.kind === "wait") now += one.ms;
          model = new Map([...model].filter(([{ expiresAt }]) => expiresAt > now));
          const sum = () => [...model.values()].reduce((total, amount) => total + amount, 0);
          expect(holdings.total(now)).toBe(sum());
          if (one.kind === "add") {
            const holding = { holder: callers[one.caller], expiresAt: now + one.lifeMs, amount: one.amount, countedKey: 0 };
            holdings.add(holding);
            all.push(holding);
            model.set(holding, one.amount);
          }
          const chosen = one.kind === "release" || one.kind === "resize" ? all[one.which] : undefined;
          if (chosen !== undefined && one.kind === "release") expect(holdings.release(chosen)).toBe(model.delete(chosen));
          if (chosen !== undefined && one.kind === "resize") {
            expect(holdings.resize(chosen, one.amount)).toBe(model.has(chosen));
            if (model.has(chosen)) model.set(chosen, one.amount);
          }
          if (one.kind === "count" && sum() >= from) {
            const caller = callers[one.caller]!;
            const held = [...model].filter(([{ holder }]) => holder === caller).reduce((total, [, amount]) => total + amount, 0);
            expect(holdings.heldBy(caller, from)).toBe(held);
          }
        }
        expect(holdings.total(now + 1_000)).toBe(0);
        expect(holdings.holderCount).toBe(0);
      }),
    );
  });

  it("do not read the key of any caller while little is held", () => {
    let reads = 0;
    const holder = {
      get shareKey() {
        reads += 1;
        return 1;
      },
    };
    const holdings = new Holdings<Holding>();
    holdings.add({ holder, expiresAt: 100, amount: 9, countedKey: 0 });
    expect([holdings.heldBy(holder, 10), reads]).toEqual([0, 0]);
    holdings.add({ holder, expiresAt: 100, amount: 1, countedKey: 0 });
    expect(holdings.heldBy(holder, 10)).toBe(10);
  });

  it("hold a resized amount that has been released for nobody", () => {
    const holdings = new Holdings<Holding>();
    const holding = { holder: undefined, expiresAt: 10, amount: 5, countedKey: 0 };
    holdings.add(holding);
    expect([holdings.release(holding), holdings.resize(holding, 9), holdings.release(holding), holdings.total(0)]).toEqual([
      true,
      false,
      false,
      0,
    ]);
  });
});

describe("counting by caller", () => {
  it("goes on until less than half of what it started at is held", () => {
    const holdings = new Holdings<Holding>();
    const [caller] = callers;
    const held = Array.from({ length: 10 }, () => ({ holder: caller, expiresAt: 1_000, amount: 1, countedKey: 0 }));
    for (const one of held) holdings.add(one);
    expect(holdings.heldBy(caller!, 10)).toBe(10);
    for (const one of held.slice(0, 5)) holdings.release(one);
    expect(held[9]!.countedKey).not.toBe(0);
    holdings.release(held[5]!);
    expect(held[9]!.countedKey).toBe(0);
  });
});

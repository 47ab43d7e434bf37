// The byte budget of an isolate: never exceeded, given back exactly once, and shared between calls, callers and stored responses.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBudget, MIN_RESERVED_BYTES, Reservation, SMALL_BYTES } from "../../../core/overload/byte-budget.ts";

const MIB = 1_048_576;
const callers = [1, 2, 3].map((shareKey) => ({ shareKey }));

/** A budget of one MiB for calls of one caller each. */
const budgetOf = (maxBytes: number, callerShare = 1) => new ByteBudget({ maxBytes, callerShare });

describe("a byte budget", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("reserve" as const),
      bytes: fc.integer({ min: 0, max: 400_000 }),
      caller: fc.integer({ min: -1, max: 2 }),
      lifeMs: fc.integer({ min: 1, max: 50 }),
    }),
    fc.record({ kind: fc.constant("resize" as const), which: fc.nat({ max: 20 }), bytes: fc.integer({ min: 0, max: 400_000 }) }),
    fc.record({ kind: fc.constant("release" as const), which: fc.nat({ max: 20 }), times: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ kind: fc.constant("store" as const), bytes: fc.integer({ min: 0, max: 900_000 }) }),
  );

  it("holds what is reserved and neither released nor expired, within its limits, and stored responses in what is left", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const budget = budgetOf(MIB, 0.5);
        const cache = {
          maxBytes: 900_000,
          bytes: 0,
          shrinkTo(most: number) {
            cache.bytes = Math.min(cache.bytes, most);
          },
        };
        budget.lendTo(cache);
        const all: Reservation[] = [];
        let model = new Map<Reservation, number>();
        let now = 0;
        for (const one of steps) {
          if (one.kind === "wait") now += one.ms;
          model = new Map([...model].filter(([{ expiresAt }]) => expiresAt > now));
          if (one.kind === "reserve") {
            const reserved = budget.reserve(one.bytes, callers[one.caller], now + one.lifeMs, now);
            if (reserved instanceof Reservation) {
              all.push(reserved);
              model.set(reserved, Math.max(one.bytes, MIN_RESERVED_BYTES));
            }
          }
          if (one.kind === "store") {
            cache.bytes = one.bytes;
            budget.evict(now);
          }
          const chosen = one.kind === "resize" || one.kind === "release" ? all[one.which] : undefined;
          if (chosen !== undefined && one.kind === "release") {
            for (let n = 0; n < one.times; n++) chosen.release();
            model.delete(chosen);
          }
          if (chosen !== undefined && one.kind === "resize" && chosen.resize(one.bytes, now) === undefined && model.has(chosen))
            model.set(chosen, Math.max(one.bytes, MIN_RESERVED_BYTES));
          const sum = [...model.values()].reduce((total, bytes) => total + bytes, 0);
          expect(budget.heldBytes(now)).toBe(sum);
          expect(sum + cache.bytes).toBeLessThanOrEqual(MIB);
          for (const caller of callers) {
            const held = [...model].filter(([{ holder }]) => holder === caller).reduce((total, [, bytes]) => total + bytes, 0);
            expect(held).toBeLessThanOrEqual(MIB / 2);
          }
        }
        expect(budget.heldBytes(now + 1_000)).toBe(0);
      }),
    );
  });

  it("leaves the last quarter to small amounts", () => {
    const budget = budgetOf(MIB);
    expect(budget.reserve(SMALL_BYTES + 1, undefined, 100, 0)).toBeInstanceOf(Reservation);
    expect(budget.reserve((MIB * 3) / 4 - SMALL_BYTES, undefined, 100, 0)).toBe("budget");
    expect(budget.reserve((MIB * 3) / 4 - SMALL_BYTES - 1, undefined, 100, 0)).toBeInstanceOf(Reservation);
    expect(budget.reserve(SMALL_BYTES + 1, undefined, 100, 0)).toBe("budget");
    expect(budget.reserve(SMALL_BYTES, undefined, 100, 0)).toBeInstanceOf(Reservation);
  });

  it("gives a caller its share and no more, while it is alone, too; others find the rest", () => {
    const budget = budgetOf(MIB, 0.25);
    const [one, other] = callers;
    expect(budget.callerMaxBytes).toBe(MIB / 4);
    expect(budget.reserve(MIB / 4 + 1, one, 100, 0)).toBe("share");
    const first = budget.reserve(MIB / 4, one, 100, 0);
    expect(budget.reserve(1, one, 100, 0)).toBe("share");
    expect(budget.reserve(MIB / 4, other, 100, 0)).toBeInstanceOf(Reservation);
    (first as Reservation).release();
    expect(budget.reserve(1, one, 100, 0)).toBeInstanceOf(Reservation);
  });

  it("evicts stored responses for calls, and no more of them than is needed", () => {
    const budget = budgetOf(MIB);
    const left: number[] = [];
    const cache = {
      maxBytes: MIB,
      bytes: MIB,
      shrinkTo(most: number) {
        cache.bytes = most;
        left.push(most);
      },
    };
    budget.lendTo(cache);
    const reservation = budget.reserve(10_000, undefined, 100, 0) as Reservation;
    reservation.resize(20_000, 0);
    reservation.resize(5_000, 0);
    reservation.release();
    expect(left).toEqual([MIB - 10_000, MIB - 20_000]);
    budget.evict(0);
    expect(cache.bytes).toBe(MIB - 20_000);
  });

  it("charges a body that has sent nothing, too, and refuses to grow one beyond the budget, which is then as before", () => {
    const budget = budgetOf(MIB);
    const reservation = budget.reserve(0, undefined, 100, 0) as Reservation;
    expect(budget.heldBytes(0)).toBe(MIN_RESERVED_BYTES);
    expect(reservation.resize(MIB, 0)).toBe("budget");
    expect(budget.heldBytes(0)).toBe(MIN_RESERVED_BYTES);
  });
});

describe("a reservation that grows", () => {
  it("is charged what is added alone", () => {
    const budget = budgetOf(1_000_000);
    const reservation = budget.reserve(600_000, undefined, 1_000, 0) as Reservation;
    expect(budget.resize(reservation, 750_000, 0)).toBeUndefined(); // what is large may fill three quarters of the budget
    expect(budget.resize(reservation, 750_001, 0)).toBe("budget");
    expect(reservation.amount).toBe(750_000);
  });
});

// The simulation's two oracles: they find nothing in the core, and each of the mistakes that are planted here.
import { describe, expect, it } from "vitest";
import type { Ask } from "../../../core/rate-limit/lease-messages.ts";
import { type Loan, lend } from "../../../core/rate-limit/leased-bucket.ts";
import { simulate } from "../../simulation/limiter/index.ts";
import { invariants } from "../../simulation/limiter/oracles.ts";
import { randomStream } from "../../simulation/simulation.ts";

/** Mistakes that the simulation's oracles have to see; without that, they would prove nothing. */
type Lender = typeof lend;
type Oracle = "arrival curve" | "isolates' sums";
const loansOf = (change: (loan: Loan, ask: Ask) => Loan): Lender => {
  return (pool, limit, ask, now, roll) => {
    const [after, grant] = lend(pool, limit, ask, now, roll);
    const loan = after.loans[ask.isolate];
    return [loan === undefined ? after : { ...after, loans: { ...after.loans, [ask.isolate]: change(loan, ask) } }, grant];
  };
};
const MUTANTS: Readonly<Record<string, { readonly lender: Lender; readonly seenBy: readonly Oracle[] }>> = {
  "grants what it does not take from the pool": {
    lender: (pool, limit, ask, now, roll) => {
      const [after, grant] = lend(pool, limit, ask, now, roll);
      return [{ ...after, tokens: after.tokens + (grant?.tokens ?? 0) }, grant];
    },
    seenBy: ["arrival curve"],
  },
  "forgets what it has lent": {
    lender: (pool, limit, ask, now, roll) => {
      const [after, grant] = lend(pool, limit, ask, now, roll);
      return [{ ...after, loans: {} }, grant];
    },
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "lends rates twice": {
    lender: (pool, limit, ask, now, roll) => {
      const [after, grant] = lend(pool, limit, ask, now, roll);
      return [after, grant && { ...grant, perMs: grant.perMs * 2 }];
    },
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "starts full after each ask": {
    lender: (_, limit, ask, now, roll) => lend(undefined, limit, ask, now, roll),
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "takes a renewal for arrived": {
    lender: loansOf((loan) => ({ ...loan, before: { ...loan.now, until: 0 } })),
    seenBy: ["isolates' sums"],
  },
  "takes a rate for given back when it lends less": {
    lender: loansOf((loan) => ({ ...loan, before: { ...loan.before, perMs: Math.min(loan.before.perMs, loan.now.perMs) } })),
    seenBy: ["isolates' sums"],
  },
  "takes a capacity for given back when it lends less": {
    lender: loansOf((loan) => ({ ...loan, before: { ...loan.before, capacity: Math.min(loan.before.capacity, loan.now.capacity) } })),
    seenBy: ["isolates' sums"],
  },
  "counts lives from a second before an ask was sent": {
    lender: loansOf((loan) => ({ ...loan, now: { ...loan.now, until: loan.now.until - 1_000 } })),
    seenBy: ["isolates' sums"],
  },
  "lends more of the rate than is left": {
    lender: (pool, limit, ask, now, roll) => {
      const [after, grant] = lend(pool, limit, ask, now, roll);
      const perMs = (ask.perMs * limit.rate) / limit.rate;
      const loan = after.loans[ask.isolate];
      if (grant === undefined || loan === undefined) return [after, grant];
      return [
        { ...after, loans: { ...after.loans, [ask.isolate]: { ...loan, now: { ...loan.now, perMs } } } },
        { ...grant, perMs },
      ];
    },
    seenBy: ["isolates' sums"],
  },
};

/** One isolate has all, is lent less, and never hears of it; another asks for all. @returns how often too much was held */
function lostRenewal(lender: Lender): number {
  const limit = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
  const sums = invariants(limit);
  const ask: Ask = { isolate: "a", turn: 1, applied: 0, has: 0, need: 300, perMs: 2, peakPerMs: 2, isSteady: true };
  const [first, grant] = lender(undefined, limit, ask, 0, 0.5);
  const [second] = lender(first, limit, { ...ask, turn: 2, applied: 1, need: 0, perMs: 0.1, peakPerMs: 0.1 }, 50, 0.5);
  const [third, other] = lender(second, limit, { ...ask, isolate: "b", need: 0, perMs: 5, peakPerMs: 5 }, 100, 0.5);
  sums.check(third, [grant!, other!]);
  return sums.isolates;
}

describe("the oracles", () => {
  const world = {
    limit: { capacity: 500, rate: 1_000, intervalMs: 1_000 },
    isolates: 10,
    load: 1.2,
    demand: "uniform",
    seconds: 8,
  } as const;
  const seen = (lender: Lender): Record<Oracle, number> => {
    const { figures, broken } = simulate(world, 7, lender);
    return { "arrival curve": figures["over, tokens"]!, "isolates' sums": broken.isolates + lostRenewal(lender) };
  };
  it("find nothing in the core", () => {
    expect(seen(lend)).toEqual({ "arrival curve": 0, "isolates' sums": 0 });
    expect(simulate(world, 7).broken.books).toBe(0);
  });
  const planted = Object.entries(MUTANTS).flatMap(([name, { lender, seenBy }]) => seenBy.map((oracle) => ({ name, lender, oracle })));
  it.each(planted)("see a pool that $name: $oracle", ({ lender, oracle }) => {
    expect(seen(lender)[oracle]).toBeGreaterThan(0);
  });
  it("see the same world for the same seed", () => expect(simulate(world, 3).figures).toEqual(simulate(world, 3).figures));
  it("roll fair dice", () => {
    const roll = randomStream(1);
    const mean = Array.from({ length: 10_000 }, roll).reduce((a, b) => a + b, 0) / 10_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});

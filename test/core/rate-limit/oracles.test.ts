// The simulation's two oracles: they find nothing in the core, and each of the mistakes that are planted here.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { LeaseRecord } from "../../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../../core/rate-limit/leased-bucket.ts";
import { simulate } from "../../simulation/limiter/index.ts";
import { invariants } from "../../simulation/limiter/oracles.ts";
import { randomStream } from "../../simulation/simulation.ts";

/** Mistakes that the simulation's oracles have to see; without that, they would prove nothing. */
type Lender = typeof grantLease;
type Oracle = "arrival curve" | "isolates' sums";
const loansOf = (change: (loan: LeaseRecord, request: LeaseRequest) => LeaseRecord): Lender => {
  return (pool, limit, request, now, roll) => {
    const [after, grant] = grantLease(pool, limit, request, now, roll);
    const loan = after.leases[request.isolate];
    return [loan === undefined ? after : { ...after, leases: { ...after.leases, [request.isolate]: change(loan, request) } }, grant];
  };
};
const MUTANTS: Readonly<Record<string, { readonly lender: Lender; readonly seenBy: readonly Oracle[] }>> = {
  "grants what it does not take from the pool": {
    lender: (pool, limit, request, now, roll) => {
      const [after, grant] = grantLease(pool, limit, request, now, roll);
      return [{ ...after, tokens: after.tokens + (grant?.tokens ?? 0) }, grant];
    },
    seenBy: ["arrival curve"],
  },
  "forgets what it has lent": {
    lender: (pool, limit, request, now, roll) => {
      const [after, grant] = grantLease(pool, limit, request, now, roll);
      return [{ ...after, leases: {} }, grant];
    },
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "lends rates twice": {
    lender: (pool, limit, request, now, roll) => {
      const [after, grant] = grantLease(pool, limit, request, now, roll);
      return [after, grant && { ...grant, ratePerMs: grant.ratePerMs * 2 }];
    },
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "starts full after each request": {
    lender: (_, limit, request, now, roll) => grantLease(undefined, limit, request, now, roll),
    seenBy: ["arrival curve", "isolates' sums"],
  },
  "takes a renewal for arrived": {
    lender: loansOf((loan) => ({ ...loan, previous: { ...loan.current, expiresAt: 0 } })),
    seenBy: ["isolates' sums"],
  },
  "takes a rate for given back when it lends less": {
    lender: loansOf((loan) => ({
      ...loan,
      previous: { ...loan.previous, ratePerMs: Math.min(loan.previous.ratePerMs, loan.current.ratePerMs) },
    })),
    seenBy: ["isolates' sums"],
  },
  "takes a capacity for given back when it lends less": {
    lender: loansOf((loan) => ({
      ...loan,
      previous: { ...loan.previous, capacity: Math.min(loan.previous.capacity, loan.current.capacity) },
    })),
    seenBy: ["isolates' sums"],
  },
  "counts lives from a second before a request was sent": {
    lender: loansOf((loan) => ({ ...loan, current: { ...loan.current, expiresAt: loan.current.expiresAt - 1_000 } })),
    seenBy: ["isolates' sums"],
  },
  "lends more of the rate than is left": {
    lender: (pool, limit, request, now, roll) => {
      const [after, grant] = grantLease(pool, limit, request, now, roll);
      const perMs = (request.demandPerMs * limit.rate) / limit.rate;
      const loan = after.leases[request.isolate];
      if (grant === undefined || loan === undefined) return [after, grant];
      return [
        { ...after, leases: { ...after.leases, [request.isolate]: { ...loan, current: { ...loan.current, ratePerMs: perMs } } } },
        { ...grant, ratePerMs: perMs },
      ];
    },
    seenBy: ["isolates' sums"],
  },
};

/** One isolate has everything, gets a smaller lease, and never receives that grant; another one requests everything. @returns how often too much was held */
function lostRenewal(lender: Lender): number {
  const limit = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
  const sums = invariants(limit);
  const request: LeaseRequest = {
    isolate: "a",
    sequence: 1,
    appliedSequence: 0,
    tokensHeld: 0,
    tokensNeeded: 300,
    demandPerMs: 2,
    peakDemandPerMs: 2,
    isDemandSteady: true,
  };
  const [first, grant] = lender(undefined, limit, request, 0, 0.5);
  const [second] = lender(
    first,
    limit,
    { ...request, sequence: 2, appliedSequence: 1, tokensNeeded: 0, demandPerMs: 0.1, peakDemandPerMs: 0.1 },
    50,
    0.5,
  );
  const [third, other] = lender(second, limit, { ...request, isolate: "b", tokensNeeded: 0, demandPerMs: 5, peakDemandPerMs: 5 }, 100, 0.5);
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
    expect(seen(grantLease)).toEqual({ "arrival curve": 0, "isolates' sums": 0 });
    expect(simulate(world, 7).broken.books).toBe(0);
  });
  const planted = Object.entries(MUTANTS).flatMap(([name, { lender, seenBy }]) => seenBy.map((oracle) => ({ name, lender, oracle })));
  it.each(planted)("see a pool that $name: $oracle", ({ lender, oracle }) => {
    expect(seen(lender)[oracle]).toBeGreaterThan(0);
  });
  it("see the same world for the same seed", () => expect(simulate(world, 3).figures).toEqual(simulate(world, 3).figures));
  it("draw fair random numbers", () => {
    const roll = randomStream(1);
    const mean = Array.from({ length: 10_000 }, roll).reduce((a, b) => a + b, 0) / 10_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});

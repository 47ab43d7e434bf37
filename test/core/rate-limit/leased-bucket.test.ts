// Split buckets: whatever is lost, late, doubled or dead, no window admits more than the limit allows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant, LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../core/rate-limit/lease-record.ts";
import { maxMinShare } from "../../../core/rate-limit/lease-sizing.ts";
import { bucketEndsAt, grantLease, reservedByLeases } from "../../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import { simulate } from "../../simulation/limiter/index.ts";

const ISOLATES = 4;
const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(400), fc.nat(6_000)),
    isolate: fc.nat(ISOLATES - 1),
    act: fc.constantFrom("spend", "spend", "spend", "request", "request", "die", "restart", "set back"),
    count: fc.nat(40),
    fate: fc.constantFrom("arrives", "arrives", "late", "request lost", "grant lost", "request doubled"),
    roll: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 120 },
);
const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 2_000 }),
  rate: fc.integer({ min: 1, max: 2_000 }),
  intervalMs: fc.constantFrom(100, 1_000, 10_000),
});

/** The most by which a window of admissions exceeds capacity + rate x length, tokens. */
function excessOf(admissions: readonly number[], { capacity, rate, intervalMs }: BucketLimit): number {
  let [level, at, most] = [0, 0, 0];
  for (const time of admissions) {
    level = Math.max(0, level - ((time - at) * rate) / intervalMs) + 1;
    at = time;
    most = Math.max(most, level - capacity);
  }
  return most;
}

describe("a bucket that is split", () => {
  it("admits in no window more than capacity + rate x length, over loss, delay, doubles, deaths, restarts and a clock that is set back", () => {
    fc.assert(
      fc.property(limits, steps, (limit, script) => {
        let now = 1_000_000;
        let pool: LeasedBucket | undefined;
        let backMs = 0; // time by which the Durable Object's clock was set back
        const isolates = Array.from({ length: ISOLATES }, (_, index) => ({ name: `i${index}`, lease: new BucketLease(), lives: 0 }));
        const late: { readonly at: number; readonly run: () => void }[] = [];
        const admissions: number[] = [];
        for (const { gapMs, isolate, act, count, fate, roll } of script) {
          now += gapMs;
          for (const event of late.splice(0).sort((a, b) => a.at - b.at)) {
            if (event.at <= now) event.run();
            else late.push(event);
          }
          const one = isolates[isolate]!;
          if (act === "spend") {
            for (let n = 0; n < count; n++) if (one.lease.take(1, now).kind === "allowed") admissions.push(now);
          } else if (act === "die") {
            one.lease = new BucketLease();
            one.name = `i${isolate}.${++one.lives}`;
          } else if (act === "set back") {
            backMs += count * 50;
          } else if (act === "restart") {
            pool = pool === undefined ? undefined : (JSON.parse(JSON.stringify(pool)) as LeasedBucket);
          } else if (!one.lease.isRequesting(now)) {
            const { lease } = one;
            const sentAt = now;
            const request: LeaseRequest = lease.request(one.name, count % 3, sentAt);
            const deliver = (): LeaseGrant | undefined => {
              const [after, grant] = grantLease(pool, limit, request, now - backMs, roll);
              pool = after;
              const held = reservedByLeases(after.leases);
              expect(after.tokens + held.capacity).toBeLessThanOrEqual(limit.capacity + 1e-6);
              expect(held.ratePerMs).toBeLessThanOrEqual(limit.rate / limit.intervalMs + 1e-9);
              return grant;
            };
            if (fate === "request lost") continue;
            if (fate === "late") {
              late.push({ at: now + 300, run: () => lease.applyGrant(deliver(), sentAt, now) });
              continue;
            }
            const grant = deliver();
            if (fate === "request doubled") expect(deliver()).toBeUndefined();
            if (fate !== "grant lost") lease.applyGrant(grant, sentAt, now);
          }
        }
        expect(excessOf(admissions, limit)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 1_500 },
    );
  });

  it("is forgotten only when it is full with nothing lent", () => {
    fc.assert(
      fc.property(limits, fc.nat(50), fc.double({ min: 0, max: 2, noNaN: true }), (limit, need, perMs) => {
        const request = {
          isolate: "a",
          sequence: 1,
          appliedSequence: 0,
          tokensHeld: 0,
          tokensNeeded: Math.min(need, limit.capacity),
          demandPerMs: perMs,
          peakDemandPerMs: perMs,
          isDemandSteady: true,
        };
        const [pool] = grantLease(undefined, limit, request, 1_000, 0.5);
        const [later, grant] = grantLease(
          pool,
          limit,
          { ...request, isolate: "b", tokensNeeded: limit.capacity, demandPerMs: 0 },
          bucketEndsAt(pool, limit),
          0.5,
        );
        expect(grant?.tokens).toBe(limit.capacity);
        const { b: _, ...others } = later.leases;
        expect(reservedByLeases(others)).toEqual({ capacity: 0, ratePerMs: 0 });
      }),
      { numRuns: 2_000, examples: [[{ capacity: 12, rate: 6, intervalMs: 10_000 }, 12, 0]] },
    );
  });

  it("lends nothing of a small limit but what is needed", () => {
    const small = { capacity: 5, rate: 1, intervalMs: 1_000 };
    const request: LeaseRequest = {
      isolate: "a",
      sequence: 1,
      appliedSequence: 0,
      tokensHeld: 0,
      tokensNeeded: 1,
      demandPerMs: 0.001,
      peakDemandPerMs: 0.001,
      isDemandSteady: true,
    };
    const [, grant] = grantLease(undefined, small, request, 0, 0.5);
    expect(grant).toMatchObject({ tokens: 1, ratePerMs: 0, pauseMs: 0 });
  });

  it("lends of a small limit also what will be spent before another answer is there", () => {
    const small = { capacity: 50, rate: 50, intervalMs: 1_000 };
    const request: LeaseRequest = {
      isolate: "a",
      sequence: 1,
      appliedSequence: 0,
      tokensHeld: 0,
      tokensNeeded: 1,
      demandPerMs: 0.08,
      peakDemandPerMs: 0.08,
      isDemandSteady: true,
    };
    const [, grant] = grantLease(undefined, small, request, 0, 0.5);
    expect(grant).toMatchObject({ tokens: 5, ratePerMs: 0, pauseMs: 0 });
  });

  it.each([
    { isolates: 1, load: 0.8, rate: 100 },
    { isolates: 10, load: 0.8, rate: 10 },
    { isolates: 1_000, load: 0.8, rate: 100 },
  ])("does not starve a small limit of $rate/s below its rate, in $isolates isolates", ({ isolates, load, rate }) => {
    const limit = { capacity: rate, rate, intervalMs: 1_000 };
    const { figures } = simulate({ limit, isolates, load, demand: "uniform", seconds: 20 }, 1);
    expect(figures["over, tokens"]).toBe(0);
    expect(figures["under, %"]).toBeLessThan(8);
  });

  it("lets even those pause who got the last of a small limit that is under attack, and others not", () => {
    const small = { capacity: 10, rate: 10, intervalMs: 1_000 };
    const request: LeaseRequest = {
      isolate: "a",
      sequence: 1,
      appliedSequence: 0,
      tokensHeld: 0,
      tokensNeeded: 9,
      demandPerMs: 0.005,
      peakDemandPerMs: 0.005,
      isDemandSteady: true,
    };
    expect(grantLease(undefined, small, { ...request, tokensNeeded: 10 }, 0, 0.5)[1]).toMatchObject({ tokens: 10, pauseMs: 0 });
    const attack = { ...request, tokensNeeded: 10, demandPerMs: 0.03 };
    expect(grantLease(undefined, small, attack, 0, 0.5)[1]).toMatchObject({ tokens: 10, pauseMs: 650, retryAfterMs: 650 });
  });

  it("tells a key that is used up to pause, and callers when to come back", () => {
    const small = { capacity: 1, rate: 1, intervalMs: 1_000 };
    const request: LeaseRequest = {
      isolate: "a",
      sequence: 1,
      appliedSequence: 0,
      tokensHeld: 0,
      tokensNeeded: 1,
      demandPerMs: 1,
      peakDemandPerMs: 1,
      isDemandSteady: true,
    };
    const [pool] = grantLease(undefined, small, request, 0, 0.5);
    const [, grant] = grantLease(pool, small, { ...request, isolate: "b" }, 0, 0.5);
    expect(grant).toMatchObject({ tokens: 0, retryAfterMs: 1_550 }); // what is lent has to end before the pool has room
    expect(grant?.pauseMs).toBeGreaterThanOrEqual(1_000);
  });
});

describe("fair shares", () => {
  it("are never more than the rate together, nor for one than what another with more demand gets", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 }), (demands) => {
        const shares = demands.map((own) => Math.min(own, maxMinShare(demands, 10)));
        expect(shares.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10 + 1e-6);
        const sorted = demands.map((demand, index) => ({ demand, share: shares[index]! })).sort((a, b) => a.demand - b.demand);
        for (const [index, { share }] of sorted.entries()) expect(share).toBeGreaterThanOrEqual((sorted[index - 1]?.share ?? 0) - 1e-9);
      }),
    );
  });
});

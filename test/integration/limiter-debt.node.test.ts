// Rules that fail open: whatever isolates let pass before a grant, the bound of docs/rate-limiting.md ("The bound under debt") holds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { debtLimitOf, sharedDebtAtMost } from "../../core/rate-limit/isolate/debt.ts";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import type { LeasedBucket } from "../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../core/rate-limit/leased-bucket.ts";
import { excessOf, runFleet } from "../support/debt-fleet.ts";

const LIMIT = { capacity: 100, rate: 50, intervalMs: 1_000 };
const D = 25;
const ISOLATES = 6;
const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 300 }),
  rate: fc.integer({ min: 1, max: 300 }),
  intervalMs: fc.constantFrom(100, 1_000, 10_000),
});
const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(400), fc.nat(6_000)),
    isolate: fc.nat(ISOLATES - 1),
    act: fc.constantFrom("spend", "spend", "spend", "request", "request", "end"),
    count: fc.nat(40),
    fate: fc.constantFrom("arrives", "arrives", "late", "request lost", "grant lost", "doubled"),
    roll: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 120 },
);

/** What one isolate may owe: the calls of a first contact, a new one with each isolate that has ended and started again. */
interface Isolate {
  name: string;
  lease: BucketLease;
  lives: number;
}

describe("under any schedule of losses, delays, doubled messages and isolates that end", () => {
  it("what was granted stays within the limit, and each isolate's debt within d", () => {
    fc.assert(
      fc.property(limits, fc.boolean(), steps, (limit, isShared, script) => {
        const debt = debtLimitOf(limit, isShared);
        const isolates = Array.from(
          { length: ISOLATES },
          (_, index): Isolate => ({ name: `i${index}`, lease: new BucketLease(), lives: 0 }),
        );
        const late: { readonly at: number; readonly run: () => void }[] = [];
        const granted: number[] = []; // times, one for each token
        let [now, pool] = [1_000_000, undefined as LeasedBucket | undefined];
        for (const { gapMs, isolate, act, count, fate, roll } of script) {
          now += gapMs;
          for (const event of late.splice(0).sort((a, b) => a.at - b.at)) {
            if (event.at <= now) event.run();
            else late.push(event);
          }
          const one = isolates[isolate]!;
          const { lease } = one;
          if (act === "spend") {
            for (let n = 0; n < count; n++) {
              const decision = lease.take(1, now, debt);
              if (decision.kind === "allowed" && decision.owed === 0) granted.push(now);
              expect(lease.debt).toBeLessThanOrEqual(debt.warmTokens ?? debt.tokens);
            }
          } else if (act === "end") {
            one.lives += 1;
            one.lease = new BucketLease();
            one.name = `i${isolate}.${one.lives}`;
          } else if (!lease.isRequesting(now)) {
            const sentAt = now;
            const request = lease.request(one.name, count % 3, sentAt);
            const deliver = () => {
              const before = pool?.tokens ?? limit.capacity;
              const [after, grant] = grantLease(pool, limit, request, now, roll);
              pool = after;
              expect(after.tokens).toBeGreaterThanOrEqual(-limit.capacity);
              expect(grant?.tokensForgiven ?? 0).toBeLessThanOrEqual(request.tokensOwed ?? 0);
              if (before < 0 && after.tokens < 0) expect(grant?.tokens ?? 0).toBe(0); // nothing is lent below zero
              return grant;
            };
            if (fate === "request lost") continue;
            if (fate === "late") {
              late.push({ at: now + 300, run: () => lease.applyGrant(deliver(), sentAt, now) });
              continue;
            }
            const grant = deliver();
            if (fate === "doubled") expect(deliver()).toBeUndefined();
            if (fate !== "grant lost") lease.applyGrant(grant, sentAt, now);
          }
        }
        expect(excessOf(granted, limit)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 1_000 },
    );
  });

  it("one isolate alone admits at most d beyond the limit, however it is called", () => {
    const schedules = fc.record({
      callsPerSecond: fc.constantFrom(0.1, 1, 5, 40, 60, 200, 800),
      rttMs: fc.constantFrom(1, 80, 160, 240),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(limits, schedules, (limit, { seed, ...schedule }) => {
        const { admitted, mostDebt } = runFleet({ limit, isolates: 1, isShared: false, seconds: 10, ...schedule }, seed);
        const d = debtLimitOf(limit, false).tokens;
        expect(mostDebt).toBeLessThanOrEqual(d);
        expect(excessOf(admitted, limit)).toBeLessThanOrEqual(d);
      }),
      { numRuns: 150 },
    );
  });
});

describe("a rule of 50/s with bursts of 100", () => {
  it.each([80, 160])("admits of 800 calls from one address within 4 s at most 100 + 200 + 25, the bucket %i ms away", (rttMs) => {
    for (let seed = 0; seed < 20; seed++) {
      const { admitted } = runFleet({ limit: LIMIT, isolates: 1, isShared: false, callsPerSecond: 200, seconds: 4, rttMs }, seed);
      expect(admitted.length).toBeLessThanOrEqual(100 + 200 + D);
      expect(admitted.length).toBeGreaterThan(0.9 * (100 + 200));
    }
  });

  it.each([0.05, 1, 5, 35, 40])("lets a caller with %d calls a second pass without a wait or a refusal", (callsPerSecond) => {
    for (const rttMs of [8, 80, 160]) {
      const seconds = Math.max(20, 100 / callsPerSecond);
      const { calls, admitted, waited, refused } = runFleet(
        { limit: LIMIT, isolates: 1, isShared: false, callsPerSecond, seconds, rttMs },
        1,
      );
      expect({ admitted: admitted.length, waited, refused }).toEqual({ admitted: calls, waited: 0, refused: 0 });
    }
  });

  it.each([
    { isolates: 4, isShared: false, d: D, together: 4 * D },
    { isolates: 40, isShared: false, d: D, together: 40 * D },
    { isolates: 40, isShared: true, d: 6, together: sharedDebtAtMost(LIMIT, 40) },
    { isolates: 300, isShared: true, d: 6, together: sharedDebtAtMost(LIMIT, 300), callsPerSecond: 1 },
  ])("admits in $isolates isolates that all start at once at most $together tokens beyond the limit, over a minute", (setting) => {
    const { admitted, mostDebt } = runFleet({ limit: LIMIT, callsPerSecond: 20, seconds: 60, rttMs: 80, ...setting }, 1);
    expect(mostDebt).toBeLessThanOrEqual(setting.d);
    expect(excessOf(admitted, LIMIT)).toBeLessThanOrEqual(setting.together);
    expect(admitted.length / 60).toBeGreaterThan(0.95 * 50);
  });

  const sharing = [8, 80, 160].flatMap((rttMs) => [1, 5].map((callsPerSecond) => ({ rttMs, callsPerSecond })));
  const LARGE = { capacity: 1_000, rate: 500, intervalMs: 1_000 };

  it.each(sharing)("that 40 isolates share lets calls wait only while they start: $callsPerSecond/s each, $rttMs ms", (setting) => {
    for (const limit of [LIMIT, LARGE]) {
      const { calls, admitted, awaited, refused } = runFleet({ limit, isolates: 40, isShared: true, seconds: 60, ...setting }, 1);
      expect(awaited).toBeLessThanOrEqual(40); // object calls that some call waited for: one for each isolate
      expect(excessOf(admitted, limit)).toBeLessThanOrEqual(sharedDebtAtMost(limit, 40));
      const offered = 40 * setting.callsPerSecond;
      if (offered <= limit.rate) expect(refused).toBeLessThanOrEqual(0.001 * calls);
      else expect(admitted.length / 60).toBeGreaterThan(0.95 * limit.rate);
    }
  });

  it("costs less than one message for two calls of a caller with ten calls a second", () => {
    const { calls, messages } = runFleet({ limit: LIMIT, isolates: 1, isShared: false, callsPerSecond: 10, seconds: 300, rttMs: 20 }, 1);
    expect(messages / calls).toBeLessThan(0.5);
  });
});

describe("a rule that fails closed", () => {
  const WRITES = { capacity: 20, rate: 10, intervalMs: 1_000 };
  const closed = { limit: WRITES, isolates: 1, isShared: false, seconds: 250, waitMs: 1_000 };

  const callers = [8, 80, 160].flatMap((rttMs) => [1 / 60, 1, 3, 5].map((callsPerSecond) => ({ rttMs, callsPerSecond })));
  const most = (callsPerSecond: number) => (callsPerSecond === 5 ? 0.02 : 1);

  it.each(callers)(
    "refuses no caller far below its limit, and seldom lets one wait: $callsPerSecond/s, $rttMs ms",
    ({ rttMs, callsPerSecond }) => {
      for (let seed = 1; seed <= 3; seed++) {
        const { calls, refused, awaited, messages, admitted } = runFleet({ ...closed, rttMs, callsPerSecond }, seed);
        expect([seed, refused]).toEqual([seed, 0]);
        expect(awaited / calls).toBeLessThanOrEqual(most(callsPerSecond));
        if (callsPerSecond !== 3) expect(messages / calls).toBeLessThanOrEqual(1.05);
        expect(excessOf(admitted, WRITES)).toBeLessThanOrEqual(1e-6);
      }
    },
  );

  it.each([8, 80, 160])("lets a caller of an hourly quota seldom wait, too: %i ms", (rttMs) => {
    const limit = { capacity: 36_000, rate: 36_000, intervalMs: 3_600_000 };
    const { calls, refused, awaited, admitted } = runFleet({ ...closed, limit, rttMs, callsPerSecond: 5 }, 1);
    expect([refused, excessOf(admitted, limit)]).toEqual([0, 0]);
    expect(awaited / calls).toBeLessThanOrEqual(0.1);
  });

  it("keeps to the limit while isolates join, and refuses next to nobody far below it", () => {
    const sums = { calls: 0, refused: 0 };
    for (const rttMs of [8, 80, 160]) {
      for (let seed = 1; seed <= 10; seed++) {
        const setting = { ...closed, rttMs, isolates: 3, startWithinMs: 60_000, seconds: 120, callsPerSecond: 5 / 3 };
        const { calls, refused, admitted } = runFleet(setting, seed);
        sums.calls += calls;
        sums.refused += refused;
        expect(excessOf(admitted, WRITES)).toBeLessThanOrEqual(1e-6);
      }
    }
    expect(sums.refused / sums.calls).toBeLessThan(0.0005);
  });

  it.each([1, 2])("refuses what is beyond the limit, mostly without a wait, in %i isolates", (isolates) => {
    const setting = { ...closed, isolates, rttMs: 80, seconds: 60, callsPerSecond: 200 / isolates };
    const { calls, admitted, waited } = runFleet(setting, 1);
    expect(waited / calls).toBeLessThan(0.5);
    expect(admitted.length / 60).toBeGreaterThan(0.95 * 10);
    expect(excessOf(admitted, WRITES)).toBeLessThanOrEqual(1e-6);
  });

  it("keeps to its limit, whatever messages are lost, and passes at least half of its calls", () => {
    for (const callsPerSecond of [5, 30]) {
      const { admitted } = runFleet({ ...closed, rttMs: 80, loss: 0.1, callsPerSecond }, 1);
      expect(excessOf(admitted, WRITES)).toBeLessThanOrEqual(1e-6);
      expect(admitted.length / closed.seconds).toBeGreaterThan(0.5 * Math.min(callsPerSecond, 10));
    }
  });
});

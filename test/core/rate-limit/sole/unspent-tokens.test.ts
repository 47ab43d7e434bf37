// Tokens that an only lessee did not spend: they come back, and whatever is lost, late or doubled, no window admits more than the limit allows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketLease } from "../../../../core/rate-limit/lease.ts";
import type { LeaseGrant, LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../../core/rate-limit/lease-record.ts";
import { CLOCK_GUARD_MS, grantLease, reservedByLeases } from "../../../../core/rate-limit/leased-bucket.ts";
import { isScarce, latestAfter, returnUnspent } from "../../../../core/rate-limit/sole/unspent-tokens.ts";
import { restoredBucket } from "../../../../core/rate-limit/storage/restored-bucket.ts";
import type { BucketLimit } from "../../../../core/rate-limit/token-bucket.ts";
import { excessOf } from "../../../support/debt-fleet.ts";

const ISOLATES = 3;
const delays = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.nat(700) },
  { weight: 1, arbitrary: fc.nat(4_000) },
  { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, // lost
);
const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(400), fc.nat(1_500)),
    isolate: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(ISOLATES - 1) }),
    act: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom("spend", "request", "request") },
      { weight: 1, arbitrary: fc.constantFrom("return", "forget", "restart", "set back") },
    ),
    count: fc.oneof(fc.nat(5), fc.nat(60)),
    requestMs: delays,
    againMs: delays,
    grantMs: delays,
  }),
  { minLength: 10, maxLength: 100, size: "max" },
);
const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 60 }),
  rate: fc.integer({ min: 1, max: 60 }),
  intervalMs: fc.constantFrom(1_000, 10_000, 60_000),
});
const aheads = fc.tuple(...Array.from({ length: ISOLATES }, () => fc.constantFrom(0, 150, 500, 500, 1_000)));

interface Event {
  readonly at: number;
  readonly run: () => void;
}

describe("a bucket whose lessees report what they spend", () => {
  it("admits in no window more than capacity + rate x length, over loss, delay, doubles, forgotten keys, restarts and a clock that is set back", () => {
    fc.assert(
      fc.property(limits, aheads, steps, (limit, aheadMs, script) => {
        let [now, backMs, sent] = [1_000_000, 0, 0];
        let pool: LeasedBucket | undefined;
        const leases = Array.from({ length: ISOLATES }, () => new BucketLease());
        let events: Event[] = [];
        const later = (ms: number, run: () => void): void => void events.push({ at: now + ms, run });
        const admitted: number[] = [];
        const spend = (lease: BucketLease, count: number): void => {
          for (let n = 0; n < count; n++) if (lease.take(1, now).kind === "allowed") admitted.push(now);
        };
        for (const { gapMs, isolate, act, count, requestMs, againMs, grantMs } of script) {
          const until = now + gapMs;
          for (;;) {
            const next = events.reduce<Event | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
            if (next === undefined || next.at > until) break;
            events = events.filter((event) => event !== next);
            now = Math.max(now, next.at);
            next.run();
          }
          now = until;
          const lease = leases[isolate]!;
          if (act === "spend") spend(lease, count);
          else if (act === "return") lease.returnTokens(takeSome(lease, count % 3, now), now);
          else if (act === "forget") leases[isolate] = new BucketLease(sent);
          else if (act === "set back") backMs += count * 40;
          else if (act === "restart") pool = pool && restarted(pool, limit);
          else if (!lease.isRequesting(now)) {
            const sentAt = now;
            sent = Math.max(sent, 0) + 1;
            const request = lease.request(`i${isolate}`, Math.min(limit.capacity, count % 4), sentAt, aheadMs[isolate]!);
            sent = Math.max(sent, request.sequence);
            const deliver = (): void => {
              const [next, grant] = grantLease(pool, limit, request, now - backMs, 0.5);
              pool = next;
              const reserved = reservedByLeases(next.leases);
              expect(next.tokens + reserved.capacity).toBeLessThanOrEqual(limit.capacity + 1e-6);
              expect(reserved.ratePerMs).toBeLessThanOrEqual(limit.rate / limit.intervalMs + 1e-9);
              later(grantMs, () => lease.applyGrant(grant, sentAt, now));
            };
            later(requestMs, deliver);
            later(requestMs + againMs, deliver);
          }
        }
        expect(excessOf(admitted, limit)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 4_000 },
    );
  });
});

/** Takes tokens that are given back at once: another rule refused the calls. */
function takeSome(lease: BucketLease, count: number, now: number): number {
  let taken = 0;
  while (taken < count && lease.take(1, now).kind === "allowed") taken += 1;
  return taken;
}

/** What storage knows: at least so many tokens, and when the latest lease ends. */
function restarted({ tokens, leases, updatedAt }: LeasedBucket, limit: BucketLimit): LeasedBucket {
  let until = updatedAt;
  for (const { current, previous } of Object.values(leases)) until = Math.max(until, current.expiresAt, previous.expiresAt);
  return restoredBucket(tokens, until, limit, updatedAt);
}

const T0 = 1_000_000;
const LIMIT = { capacity: 20, rate: 10, intervalMs: 1_000 };
const DEMAND = { demandPerMs: 0.005, peakDemandPerMs: 0.005, isDemandSteady: true };
const request = (sequence: number, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  ...{ isolate: "a", sequence, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 1, ...DEMAND },
  ...{ aheadMs: 500, spent: { since: 0, tokens: 0 }, ...more },
});
const decide = (bucket: LeasedBucket | undefined, one: LeaseRequest, now: number): [LeasedBucket, LeaseGrant] => {
  const [after, grant] = grantLease(bucket, LIMIT, one, T0 + now, 0.5);
  return [after, grant!];
};
const spent = (tokens: number, since = 0) => ({ spent: { since, tokens } });

describe("what an only lessee did not spend", () => {
  const [lent, first] = decide(undefined, request(1), 0);

  it("is back in the pool with its next request, although its share had been reserved until now", () => {
    expect(first).toMatchObject({ tokens: 17, poolTokens: 3 });
    const [, next] = decide(lent, request(2, spent(4)), 600);
    expect(next.tokens + next.poolTokens).toBe(16); // 20, less what was spent; what the bucket earned before that does not count
    const [, later] = decide(lent, request(2, spent(4)), 60_000);
    expect(later.tokens + later.poolTokens).toBe(20);
  });

  it("is back even if a grant was lost, whose tokens cannot be spent any more", () => {
    const [lost] = decide(lent, request(2, spent(4)), 600);
    const [, next] = decide(lost, request(3, spent(4)), 700);
    expect(next.tokens + next.poolTokens).toBe(17); // 16, and what was earned in 100 ms
  });

  it("is what it holds, while its lease lives", () => {
    const live = request(2, { appliedSequence: 1, tokensHeld: 13, tokensNeeded: 0, ...spent(4) });
    const [renewed, grant] = decide(lent, live, 300);
    expect(grant.tokensKept).toBe(13);
    const [, next] = decide(renewed, request(3, spent(9)), 1_000);
    expect(next.tokens + next.poolTokens).toBe(20 - 5); // 16 tokens after the first report, and more than 4 have been earned since
  });

  it("stays lost where another isolate had tokens meanwhile, where the report counts from another start, and where there is none", () => {
    const [shared] = decide(lent, request(1, { isolate: "b" }), 300);
    const most = 3 + (600 - 300) / 100; // the pool, and what it has earned at most
    for (const [bucket, one] of [
      [shared, request(2, spent(0))],
      [lent, request(7, spent(0, 6))],
      [lent, { ...request(2), spent: undefined, aheadMs: undefined } as unknown as LeaseRequest],
    ] as const) {
      const [after, grant] = decide(bucket, one, 600);
      expect(grant.tokens + after.tokens).toBeLessThanOrEqual(most + 1);
    }
  });

  it("is not counted twice: a request that arrives again, however late, changes nothing", () => {
    const [settled] = decide(lent, request(2, spent(17)), 600);
    const late = 600 + 500 + CLOCK_GUARD_MS + 10_000;
    for (const sequence of [1, 2]) {
      const [after, grant] = grantLease(settled, LIMIT, request(sequence, spent(0)), T0 + late, 0.5);
      expect(grant).toBeUndefined();
      expect(after.latest?.sequence).toBe(2);
    }
  });

  it("is less by the debt that was charged meanwhile", () => {
    const bucket: LeasedBucket = { tokens: 3, updatedAt: 0, leases: {}, periodFactor: 1 };
    const latest = { isolate: "a", sequence: 1, spent: { since: 0, tokens: 0 }, at: 0, aloneSince: 0, tokens: 18 };
    const none = { capacity: 0, ratePerMs: 0 };
    expect(latestAfter({ ...bucket, latest }, 10, 6, none, false)?.tokens).toBe(13);
    expect(latestAfter({ ...bucket, latest }, 10, 2, none, false)?.tokens).toBe(16);
    expect(latestAfter({ ...bucket, latest }, 10, 2, { capacity: 0, ratePerMs: 0.001 }, false)).not.toHaveProperty("tokens");
    expect(latestAfter({ ...bucket, latest }, 10, 2, { capacity: 1, ratePerMs: 0 }, false)).not.toHaveProperty("tokens");
    expect(latestAfter(bucket, 10, 2, none, false)).toBeUndefined();
  });

  it("remembers since when no other isolate has sent a request", () => {
    expect(lent.latest?.aloneSince).toBe(Number.NEGATIVE_INFINITY);
    const [other] = decide(lent, request(1, { isolate: "b" }), 300);
    expect(other.latest?.aloneSince).toBe(T0 + 300);
    const [again] = decide(other, request(2, { isolate: "b" }), 400);
    expect(again.latest?.aloneSince).toBe(T0 + 300);
  });

  it("is known to be missing until it may be back, once another isolate joins that was lent nothing ahead", () => {
    expect(lent.latest?.isAhead).toBe(true);
    const [joined] = decide(lent, request(1, { isolate: "b" }), 300);
    expect(joined.scarceUntil).toBe(T0 + 500 + CLOCK_GUARD_MS + 2 * (17 / 0.01)); // 17 tokens at half of the rate, since calls take the other half
    expect(joined.latest).not.toHaveProperty("isAhead");
    expect(decide(joined, request(1, { isolate: "c" }), 400)[0].scarceUntil).toBe(joined.scarceUntil);
    const scarce = { ...joined, updatedAt: T0, scarceUntil: T0 + 1 };
    expect([isScarce(scarce, request(1), 1_000), isScarce(scarce, request(1), 1_001)]).toEqual([true, false]);
    expect(isScarce({ ...scarce, scarceUntil: T0 }, request(1), 1)).toBe(false);
    expect(isScarce(scarce, request(1, { aheadMs: 0 }), 0)).toBe(false);
  });

  it("says nothing of isolates that do not report", () => {
    const bucket: LeasedBucket = { tokens: 3, updatedAt: 0, leases: {}, periodFactor: 1 };
    const { spent: _, ...silent } = request(1);
    expect(returnUnspent(bucket, LIMIT, silent)).toBe(bucket);
    const [after] = decide(lent, { ...silent, isolate: "b" }, 300);
    expect(after).not.toHaveProperty("latest");
  });
});

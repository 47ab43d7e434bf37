// Changes of a limit, a scope or the number of shards while leases live: a window admits at most the old bound and the new one together.
import fc from "fast-check";
import { expect, it } from "vitest";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import { grantLease, type LeasedBucket } from "../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../core/rate-limit/token-bucket.ts";
import { excessOf } from "../support/debt-fleet.ts";

const TERM_MS = 7_600; // the longest life of a lease
const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 500 }),
  rate: fc.integer({ min: 1, max: 1_000 }),
  intervalMs: fc.constantFrom(1_000, 10_000),
});

/** Isolates that take whatever they get from one bucket, and request more at each step. @returns the times of the calls that passed */
function drain(limit: BucketLimit, isolates: number, fromMs: number, toMs: number, lastRequestMs: number): number[] {
  const leases = Array.from({ length: isolates }, () => new BucketLease());
  const admitted: number[] = [];
  let bucket: LeasedBucket | undefined;
  for (let now = fromMs; now < toMs; now += 50) {
    for (const [index, lease] of leases.entries()) {
      let needed = 0;
      for (let n = 0; n < 30; n++) {
        const { kind } = lease.take(1, now);
        if (kind === "allowed") admitted.push(now);
        else if (kind === "request") needed += 1;
      }
      if (now > lastRequestMs || lease.isRequesting(now) || (needed === 0 && !lease.isLow(now))) continue;
      const [after, grant] = grantLease(bucket, limit, lease.request(`i${index}`, Math.min(needed, limit.capacity), now), now, 0.5);
      bucket = after;
      lease.applyGrant(grant, now, now);
    }
  }
  return admitted;
}

it("admits at most both bounds together for one term, and then only the new one", () => {
  fc.assert(
    fc.property(
      limits,
      limits,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 3_000 }),
      (before, after, isolates, overlapMs) => {
        const changeMs = 5_000;
        // Isolates of the old version go on to request for a while, as during a deployment, and then spend what they hold.
        const old = drain(before, isolates, 0, 30_000, changeMs + overlapMs);
        const next = drain(after, isolates, changeMs, 30_000, 30_000);
        expect(excessOf(old, before)).toBeLessThanOrEqual(1e-6);
        expect(excessOf(next, after)).toBeLessThanOrEqual(1e-6);
        expect(Math.max(...old)).toBeLessThan(changeMs + overlapMs + TERM_MS);
      },
    ),
    { numRuns: 40 },
  );
});

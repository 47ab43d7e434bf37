// One isolate and the bucket of one caller, whose rule fails open: no call is refused while the bucket is far from empty, however late grants
// arrive, and although some are lost.
import { describe, expect, it } from "vitest";
import { debtLimitOf } from "../../core/rate-limit/isolate/debt.ts";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import type { LeaseGrant } from "../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../core/rate-limit/token-bucket.ts";
import { seeded } from "../support/cache-traces.ts";

interface Step {
  readonly pauseMs: number; // before the call
  readonly cost: number;
  readonly delayMs: number; // response time of the request that this call sends, ms
  readonly isLost: boolean;
  readonly random: number;
}

const PAUSES_MS = [30, 600, 5_000]; // the most, of each kind of pause

/** Calls that come in bursts, with pauses of up to 5 s between them; most responses take some 20 ms, one in ten up to 3 s. */
function callsOf(random: () => number): Step[] {
  const most = (usual: number, rare: number) => Math.floor(random() * (random() < 0.1 ? rare : usual));
  return Array.from({ length: 20 }, () => ({
    pauseMs: random() < 0.5 ? 0 : Math.floor(random() * PAUSES_MS[Math.floor(random() * PAUSES_MS.length)]!),
    cost: 1 + Math.floor(random() * 5),
    delayMs: most(40, 3_000),
    isLost: random() < 0.05,
    random: random(),
  }));
}

/** @returns the decisions about the calls, up to the one with which a tenth of the capacity is spent */
function play(limit: BucketLimit, calls: readonly Step[]): string[] {
  const lease = new BucketLease();
  const debt = debtLimitOf(limit, false);
  const decisions: string[] = [];
  let sent: { readonly at: number; readonly sentAt: number; readonly grant: LeaseGrant | undefined }[] = [];
  let bucket: LeasedBucket | undefined;
  let [now, spent] = [1_000_000, 0];
  for (const { pauseMs, cost, delayMs, isLost, random } of calls) {
    now += pauseMs;
    for (const { at, sentAt, grant } of sent) if (at <= now) lease.applyGrant(grant, sentAt, now);
    sent = sent.filter(({ at }) => at > now);
    spent += cost;
    if (spent > limit.capacity / 10) break;
    decisions.push(lease.take(cost, now, debt).kind);
    if (!lease.isLow(now)) continue;
    const request = lease.request("one", 0, now);
    if (isLost) continue;
    const [after, grant] = grantLease(bucket, limit, request, now + Math.floor(delayMs / 2), random);
    bucket = after;
    sent.push({ at: now + delayMs, sentAt: now, grant });
  }
  return decisions;
}

describe("an isolate with the calls of one caller", () => {
  it.each([
    { capacity: 1_000_000, rate: 1_000_000, intervalMs: 1_000 },
    { capacity: 100_000, rate: 5_000, intervalMs: 1_000 },
    { capacity: 1_000, rate: 50, intervalMs: 1_000 },
    { capacity: 1_000, rate: 1_000, intervalMs: 60_000 },
  ])("refuses none and lets none wait before a tenth of $capacity tokens is spent", (limit) => {
    for (let seed = 1; seed <= 5_000; seed++)
      expect(new Set(play(limit, callsOf(seeded(seed)))), `seed ${seed}`).toEqual(new Set(["allowed"]));
  });
});

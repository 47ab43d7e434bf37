// A region's exchange with the root bucket: what it requests, and what a grant changes.
import { describe, expect, it } from "vitest";
import type { LeaseGrant, LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import { CLOCK_GUARD_MS } from "../../../../core/rate-limit/leased-bucket.ts";
import {
  lendOn,
  newRegionalBucket,
  type RegionalBucket,
  type RegionalDecision,
  settle,
} from "../../../../core/rate-limit/region/regional-bucket.ts";
import {
  applyRootGrant,
  isRequestingRoot,
  isRootRequestDue,
  ROOT_TIMEOUT_MS,
  requestRoot,
  rootDelayMs,
  rootRequestFailed,
  rootTimeoutMs,
} from "../../../../core/rate-limit/region/regional-requests.ts";

const WHOLE = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
const NOW = 1_000_000;
const GRANT: LeaseGrant = {
  ...{ sequence: 1, tokens: 100, ratePerMs: 0.5, capacity: 400, lifetimeMs: 7_600 },
  ...{ renewAfterMs: 1_000, pauseMs: 0, retryAfterMs: 0, poolTokens: 500, lessees: 2 },
};
const NEED: LeaseRequest = {
  ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 5 },
  ...{ demandPerMs: 0.2, peakDemandPerMs: 0.3, isDemandSteady: true },
};

/** A region that has got `grant` for its first request. */
function withShare(grant: Partial<LeaseGrant> = {}): RegionalBucket {
  const [state] = requestRoot(newRegionalBucket(NOW), "region#1", 5, NOW);
  return applyRootGrant(state, { ...GRANT, ...grant }, NOW, NOW);
}

/** Requests of the root once more, and applies its grant. */
function renewed(state: RegionalBucket, grant: Partial<LeaseGrant>, now: number): RegionalBucket {
  const [sent, { sequence }] = requestRoot(state, "region#1", 0, now);
  return applyRootGrant(sent, { ...GRANT, tokens: 0, ...grant, sequence }, now, now);
}

function grantOf([, decision]: [RegionalBucket, RegionalDecision]): LeaseGrant {
  if (decision.kind !== "granted") throw new Error(decision.kind);
  return decision.grant;
}

describe("a region", () => {
  it("requests tokens of the root before it responds to its first lessee", () => {
    const [state, decision] = lendOn(newRegionalBucket(NOW), WHOLE, NEED, NOW, 0.5, false);
    expect(decision).toEqual({ kind: "request_first", tokens: 5 });
    const [sent, request] = requestRoot(state, "region#1", 5, NOW);
    expect(request).toMatchObject({ isolate: "region#1", sequence: 1, appliedSequence: 0, tokensNeeded: 5, capacityLent: 0, lessees: 1 });
    expect(request).toMatchObject({ demandPerMs: 0.2, peakDemandPerMs: 0.3, isDemandSteady: false });
    expect([isRequestingRoot(sent, NOW), isRequestingRoot(sent, NOW + ROOT_TIMEOUT_MS)]).toEqual([true, false]);
  });

  it("reports the demand of requests that wait for the root, each lessee once, until they have been decided", () => {
    const demandOf = (known: RegionalBucket) => requestRoot(known, "region#1", 0, NOW)[1];
    const [one] = lendOn(newRegionalBucket(NOW), WHOLE, NEED, NOW, 0.5, false);
    const [two] = lendOn(one, WHOLE, { ...NEED, isolate: "b", demandPerMs: 0.1, lessees: 3 }, NOW, 0.5, false);
    const [again] = lendOn(two, WHOLE, { ...NEED, sequence: 2, demandPerMs: 0.4 }, NOW, 0.5, false);
    expect(demandOf(two)).toMatchObject({ lessees: 4, demandPerMs: expect.closeTo(0.3), peakDemandPerMs: expect.closeTo(0.6) });
    expect(demandOf(again)).toMatchObject({ lessees: 4, demandPerMs: expect.closeTo(0.5) });
    const [decided] = lendOn(again, WHOLE, { ...NEED, sequence: 3 }, NOW, 0.5, true);
    expect(Object.keys(decided.waiting)).toEqual(["b"]);
  });

  it("counts the word of a lender that the root is unreachable like a failed request of its own", () => {
    const [sent] = requestRoot(newRegionalBucket(NOW), "region#1", 5, NOW);
    const known = applyRootGrant(sent, { ...GRANT, isUnreachable: true, pauseMs: 70 }, NOW, NOW + 10);
    expect(known).toEqual(rootRequestFailed(sent, 1, 70, NOW + 10));
    expect(known.bucket.tokens).toBe(0);
  });

  it("decides no request twice", () => {
    const [lent] = lendOn(withShare(), WHOLE, { ...NEED, sequence: 2 }, NOW, 0.5, false);
    expect(lendOn(lent, WHOLE, { ...NEED, sequence: 1 }, NOW, 0.5, false)).toEqual([lent, { kind: "stale" }]);
    const latest = { isolate: "a", sequence: 2, spent: { since: 0, tokens: 0 }, at: NOW, aloneSince: NOW };
    const state = withShare(); // its bucket knows of the latest request, and of no lease any more
    expect(lendOn({ ...state, bucket: { ...state.bucket, latest } }, WHOLE, { ...NEED, sequence: 2 }, NOW, 0.5, false)[1].kind).toBe(
      "stale",
    );
  });

  it("goes on with the share that is reserved for it, and with what fits into it, when its share ends", () => {
    const state = withShare();
    const next = { ...state.share, sequence: 2, capacity: 20, expiresAt: state.share.expiresAt + 5_000, isReserved: true };
    const [after, expired] = settle({ ...state, next }, state.share.expiresAt);
    expect(after).toMatchObject({ share: { sequence: 2, capacity: 20 }, next: undefined, bucket: { tokens: 20 } });
    expect(expired).toBe(0);
    const [without] = settle({ ...state, next: { ...next, isReserved: false } }, state.share.expiresAt);
    expect([without.share.capacity, without.bucket.tokens]).toEqual([0, 0]);
  });

  it("has steady demand once it has lent for 0.3 s", () => {
    const steadyAt = (ms: number) => {
      const [lent] = lendOn(withShare(), WHOLE, NEED, NOW, 0.5, false);
      const [later] = lendOn(lent, WHOLE, { ...NEED, sequence: 2 }, NOW + 200, 0.5, false);
      return requestRoot(later, "region#1", 0, NOW + ms)[1].isDemandSteady;
    };
    expect([steadyAt(299), steadyAt(300)]).toEqual([false, true]);
  });

  it("lets no lessee refuse calls for its own empty pool while the root has tokens in stock and may be requested", () => {
    const grantWith = (root: Partial<LeaseGrant>, at = NOW) =>
      grantOf(lendOn(withShare({ tokens: 0, ...root }), WHOLE, { ...NEED, tokensNeeded: 50 }, at, 0.5, true));
    expect(grantWith({ poolTokens: 50 })).toMatchObject({ tokens: 0, poolTokens: 50, pauseMs: 0, retryAfterMs: 0 });
    expect(grantWith({ poolTokens: 49 })).toMatchObject({ tokens: 0, poolTokens: 0, pauseMs: expect.toSatisfy((ms: number) => ms > 0) });
    const paused = grantWith({ poolTokens: 50, pauseMs: 20 }, NOW + 19);
    expect(paused.pauseMs).toBeGreaterThan(0);
  });

  it("waits longer for a root that has not responded, up to eight seconds, and applies what arrives late", () => {
    let [state, request] = requestRoot(withShare(), "region#1", 0, NOW);
    const timeouts = Array.from({ length: 5 }, () => {
      const ms = rootTimeoutMs(state);
      expect([isRequestingRoot(state, NOW + ms - 1), isRequestingRoot(state, NOW + ms)]).toEqual([true, false]);
      [state, request] = requestRoot(rootRequestFailed(state, request.sequence, 0, NOW), "region#1", 0, NOW);
      return ms;
    });
    expect(timeouts).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
    const late = applyRootGrant(
      rootRequestFailed(state, request.sequence, 1_000, NOW),
      { ...GRANT, sequence: request.sequence },
      NOW,
      NOW + 900,
    );
    expect(late.root).toMatchObject({ isUnreachable: false, failures: 0, pausedUntil: 0 });
    expect(rootTimeoutMs(late)).toBe(1_000);
  });

  it("sends requests further apart the more lessees the root has: together 250 a second", () => {
    const delays = [0, 7, 400].map((ms) => rootDelayMs(withShare({ lessees: 100 }), NOW + ms));
    expect(delays).toEqual([400, 393, 0]);
    expect(rootDelayMs(withShare({ lessees: 2 }), NOW)).toBe(8);
    expect(rootDelayMs(newRegionalBucket(NOW), NOW)).toBe(0);
  });

  it("keeps of a share without a rate only what is not spent", () => {
    const [lent] = lendOn(withShare({ ratePerMs: 0, capacity: 100 }), WHOLE, { ...NEED, tokensNeeded: 30 }, NOW, 0.5, false);
    expect(requestRoot(lent, "region#1", 0, NOW)[0].share.capacity).toBe(100);
    const later = NOW + 3_000; // the lease has lapsed with its tokens
    const [sent, request] = requestRoot(lent, "region#1", 0, later);
    expect(request.tokensHeld).toBeLessThanOrEqual(70);
    expect([sent.share.capacity, request.shareHeld!.capacity]).toEqual([request.tokensHeld, request.tokensHeld]);
    const [withRate] = lendOn(withShare(), WHOLE, { ...NEED, tokensNeeded: 30 }, NOW, 0.5, false);
    expect(requestRoot(withRate, "region#1", 0, later)[0].share.capacity).toBe(400);
  });

  it("lends no longer than its own term, less the guard", () => {
    const state = withShare({ lifetimeMs: 1_000 });
    expect(grantOf(lendOn(state, WHOLE, NEED, NOW + 300, 0.5, false)).lifetimeMs).toBeLessThanOrEqual(1_000 - 300 - CLOCK_GUARD_MS);
    expect(lendOn(state, WHOLE, NEED, NOW + 600, 0.5, false)[1]).toEqual({ kind: "request_first", tokens: 5 });
    expect(grantOf(lendOn(state, WHOLE, NEED, NOW + 600, 0.5, true))).toMatchObject({ tokens: 0, capacity: 0, lifetimeMs: 0 });
  });

  it("uses a grant once, and none that is late", () => {
    const state = withShare();
    expect(applyRootGrant(state, GRANT, NOW, NOW)).toBe(state);
    const [sent] = requestRoot(state, "region#1", 0, NOW + 100);
    expect(applyRootGrant(sent, { ...GRANT, sequence: 1 }, NOW, NOW + 200)).toBe(sent);
    expect(applyRootGrant(sent, undefined, NOW, NOW + 200)).toBe(sent);
  });

  it("keeps a larger share until its leases fit into the smaller one, and acknowledges it then", () => {
    const [lent] = lendOn(withShare({ ratePerMs: 0.5 }), WHOLE, { ...NEED, demandPerMs: 0.4, peakDemandPerMs: 0.4 }, NOW, 0.5, false);
    const smaller = renewed(lent, { ratePerMs: 0.1 }, NOW + 100);
    expect([smaller.share.sequence, smaller.next?.sequence]).toEqual([1, 2]);
    const [again, request] = requestRoot(smaller, "region#1", 0, NOW + 200);
    expect([request.appliedSequence, again.next?.isReserved]).toEqual([1, false]);
    const [ended] = settle(smaller, NOW + 6_000); // the lease has ended
    expect(requestRoot(ended, "region#1", 0, NOW + 6_000)[1].appliedSequence).toBe(2);
  });

  it("keeps tokens of a smaller share as far as the share in use has room", () => {
    const [lent] = lendOn(withShare({ ratePerMs: 0.5 }), WHOLE, { ...NEED, demandPerMs: 0.4, peakDemandPerMs: 0.4 }, NOW, 0.5, false);
    const before = lent.bucket.tokens;
    expect(renewed(lent, { ratePerMs: 0.1, tokens: 7 }, NOW).bucket.tokens).toBeCloseTo(before + 7);
    expect(renewed(lent, { ratePerMs: 0.1, tokens: 1_000 }, NOW).bucket.tokens).toBeLessThanOrEqual(400);
  });

  it("pays debt out of its pool, passes the rest to the root, and does both once", () => {
    const owing = { ...NEED, tokensNeeded: 0, tokensOwed: 130, settledSequence: 0 };
    const [state] = lendOn(withShare(), WHOLE, owing, NOW, 0.5, false);
    expect([state.bucket.tokens, state.root.tokensOwed]).toEqual([0, 30]);
    const [resent] = lendOn(state, WHOLE, { ...owing, sequence: 2 }, NOW, 0.5, false); // its grant was lost
    expect(resent.root.tokensOwed).toBe(30);
    expect(isRootRequestDue(resent, NOW)).toBe(true);
    const [sent, request] = requestRoot(resent, "region#1", 0, NOW);
    expect(request.tokensOwed).toBe(30);
    expect(applyRootGrant(sent, { ...GRANT, sequence: request.sequence }, NOW, NOW).root.tokensOwed).toBe(0);
    expect(requestRoot(rootRequestFailed(sent, request.sequence, 0, NOW), "region#1", 0, NOW)[1].tokensOwed).toBe(30);
  });

  it("goes on with what it holds while the root is unreachable, then says so", () => {
    const [sent, request] = requestRoot(withShare({ lifetimeMs: 2_000 }), "region#1", 0, NOW + 100);
    const cutOff = rootRequestFailed(sent, request.sequence, 1_000, NOW + 1_100);
    expect(isRootRequestDue(cutOff, NOW + 1_200)).toBe(false);
    const grant = grantOf(lendOn(cutOff, WHOLE, NEED, NOW + 1_200, 0.5, false));
    expect([grant.tokens >= 5, grant.isUnreachable]).toEqual([true, undefined]);
    expect(grantOf(lendOn(cutOff, WHOLE, NEED, NOW + 2_050, 0.5, false))).toMatchObject({ tokens: 0, isUnreachable: true });
  });

  it("requests what a lessee owes with what it needs: the debt is paid first", () => {
    const owing = { ...NEED, tokensOwed: 2 };
    expect(lendOn(newRegionalBucket(NOW), WHOLE, owing, NOW, 0.5, false)[1]).toEqual({ kind: "request_first", tokens: 7 });
    expect(grantOf(lendOn(withShare({ tokens: 7 }), WHOLE, owing, NOW, 0.5, true)).tokens).toBe(5);
  });

  it("requests more in the background when its pool runs low and the root has some", () => {
    const [low] = lendOn(withShare({ tokens: 6 }), WHOLE, NEED, NOW, 0.5, false);
    expect(isRootRequestDue(low, NOW + 300)).toBe(true);
    const inStock = (tokens: number, roundTripMs: number) => {
      const state = lendOn(withShare({ tokens }), WHOLE, NEED, NOW, 0.5, false)[0];
      return isRootRequestDue({ ...state, root: { ...state.root, roundTripMs } }, NOW + 300);
    };
    expect([inStock(90, 0), inStock(90, 500)]).toEqual([false, true]); // what is left lasts for 0.15 s, but not for a round trip, too
    const [none] = lendOn(withShare({ tokens: 6, poolTokens: 0 }), WHOLE, NEED, NOW, 0.5, false);
    expect([isRootRequestDue(none, NOW + 300), isRootRequestDue(none, NOW + 1_000)]).toEqual([false, true]);
  });
});

it("adds the time that a request waited for the root to its term: the lessee counts from when it sent the request", () => {
  const lendAfter = (waitedMs: number) => lendOn(withShare(), WHOLE, NEED, NOW + 200, 0.5, true, waitedMs);
  const [[state, decision], [late]] = [lendAfter(0), lendAfter(150)];
  expect(grantOf(lendAfter(150)).lifetimeMs).toBe(grantOf([state, decision]).lifetimeMs + 150);
  expect(late.bucket.leases["a"]!.current.expiresAt).toBe(state.bucket.leases["a"]!.current.expiresAt);
});

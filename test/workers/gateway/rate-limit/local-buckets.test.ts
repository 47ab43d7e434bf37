import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RateLimitRule } from "../../../../core/config/rate-limit.ts";
import { LocalBuckets } from "../../../../workers/gateway/rate-limit/local-buckets.ts";
import type { Charge } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";

const LIMIT = { capacity: 3, rate: 1, intervalMs: 1_000 };
const charge = (key: string, cost = 1): Charge => ({ rule: {} as RateLimitRule, key, limit: LIMIT, cost, isCeiling: false }); // local buckets read no rule
const kinds = (buckets: LocalBuckets, ...charges: Charge[]) => buckets.take(charges).map((decision) => decision?.kind);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

describe("LocalBuckets", () => {
  it("takes tokens at once, and refills them with time", () => {
    const buckets = new LocalBuckets(10);
    expect(kinds(buckets, charge("a", 3))).toEqual(["allowed"]);
    expect(buckets.take([charge("a")])).toEqual([{ kind: "refused", remaining: 0, nextMs: 1_000, retryAfterMs: 1_000 }]);
    vi.setSystemTime(Date.now() + 1_000);
    expect(kinds(buckets, charge("a"))).toEqual(["allowed"]);
  });

  it("takes all charges or none", () => {
    const buckets = new LocalBuckets(10);
    buckets.take([charge("b", 3)]);
    expect(kinds(buckets, charge("a", 3), charge("b"))).toEqual(["allowed", "refused"]);
    expect(kinds(buckets, charge("a", 3))).toEqual(["allowed"]);
  });

  it("returns tokens, and takes them into debt", () => {
    const buckets = new LocalBuckets(10);
    buckets.take([charge("a", 3)]);
    buckets.returnTokens([charge("a", 2)]);
    expect(kinds(buckets, charge("a", 2))).toEqual(["allowed"]);
    buckets.overdraw([charge("a", 2)]);
    expect(buckets.take([charge("a")])).toMatchObject([{ kind: "refused", retryAfterMs: 3_000 }]);
  });

  it("gives a refused caller nothing back, however many other keys there are", () => {
    const buckets = new LocalBuckets(20);
    buckets.take([charge("victim", 3)]);
    buckets.take([charge("victim")]);
    for (let key = 0; key < 6_000; key++) buckets.take([charge(`made-up-${key}`, 1 + (key % 3))]);
    expect(kinds(buckets, charge("victim"))).toEqual(["refused"]);
    vi.setSystemTime(Date.now() + 1_000);
    expect(kinds(buckets, charge("victim"))).toEqual(["allowed"]);
  });

  it("counts new keys in one bucket while all others refuse, and gives that one nothing back for them", () => {
    const buckets = new LocalBuckets(20);
    for (let key = 0; key < 20; key++) buckets.take([charge(`${key}`, 3)]);
    expect(kinds(buckets, charge("a", 2))).toEqual(["allowed"]);
    buckets.returnTokens([charge("a", 2)]);
    expect(kinds(buckets, charge("b", 2))).toEqual(["refused"]);
  });
});

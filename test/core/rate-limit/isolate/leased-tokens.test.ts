// The tokens under a lease: what comes in, what is spent, and what is left when the lease ends. More in lease.test.ts, through `BucketLease`.
import { describe, expect, it } from "vitest";
import { LeasedTokens } from "../../../../core/rate-limit/isolate/leased-tokens.ts";
import type { LeaseGrant } from "../../../../core/rate-limit/lease-messages.ts";

const GRANT: LeaseGrant = {
  ...{
    sequence: 1,
    tokens: 10,
    ratePerMs: 0.01,
    capacity: 20,
    lifetimeMs: 1_000,
    renewAfterMs: 0,
    pauseMs: 0,
    retryAfterMs: 0,
    poolTokens: 0,
  },
};
const granted = (more: Partial<LeaseGrant> = {}): LeasedTokens => {
  const tokens = new LeasedTokens();
  tokens.refill(5_000);
  tokens.apply({ ...GRANT, ...more }, 5_000, 5_010);
  tokens.refill(5_010);
  return tokens;
};
const heldAt = (tokens: LeasedTokens, now: number): number => {
  tokens.refill(now);
  return tokens.held;
};

describe("leased tokens", () => {
  it("grow with the rate up to the capacity, and end with the lease", () => {
    const tokens = granted();
    expect(heldAt(tokens, 5_110)).toBeCloseTo(11.1, 9); // from the last time that they were refilled
    expect(heldAt(granted({ ratePerMs: 1 }), 5_500)).toBe(20);
    expect([tokens.isLive(5_999), tokens.isLive(6_000), tokens.isOver(5_999), tokens.isOver(6_000)]).toEqual([true, false, false, true]);
    expect(heldAt(tokens, 6_000)).toBe(0);
  });

  it("count what is spent, also if it is put back", () => {
    const tokens = granted({ ratePerMs: 0 });
    tokens.spend(4);
    tokens.putBack(1);
    expect([tokens.held, tokens.spent]).toEqual([7, 4]);
    tokens.putBack(100);
    expect([tokens.held, tokens.spent]).toEqual([20, 4]);
  });

  it("come back with a grant that counts them, once, and not after a report that none is held", () => {
    const renewed = (tokensKept: number, isForgotten: boolean): number => {
      const tokens = granted({ ratePerMs: 0 });
      tokens.refill(6_100);
      if (isForgotten) tokens.forgetExpired();
      tokens.apply({ ...GRANT, ratePerMs: 0, tokens: 1, tokensKept }, 5_900, 6_100);
      return tokens.held;
    };
    expect([renewed(10, false), renewed(6, false), renewed(12, false), renewed(10, true)]).toEqual([11, 7, 11, 1]);
    const tokens = granted({ ratePerMs: 0 });
    tokens.refill(6_100);
    tokens.apply({ ...GRANT, ratePerMs: 0, tokens: 0, tokensKept: 10, lifetimeMs: 100 }, 5_900, 6_100);
    tokens.apply({ ...GRANT, ratePerMs: 0, tokens: 0, tokensKept: 10 }, 6_100, 6_200);
    expect(tokens.held).toBe(0);
  });

  it("of a quarter of the rate are reused while no grant comes, and are none of the next one", () => {
    const tokens = granted({ ratePerMs: 0.04 });
    tokens.reuse(8_000);
    expect([heldAt(tokens, 6_000), tokens.isReusing(6_000), tokens.isOver(7_999)]).toEqual([0, true, false]);
    expect(heldAt(tokens, 6_200)).toBeCloseTo(2, 9);
    tokens.apply({ ...GRANT, tokens: 3 }, 6_200, 6_200);
    expect([tokens.held, tokens.isReusing(6_200)]).toEqual([3, false]);
  });
});

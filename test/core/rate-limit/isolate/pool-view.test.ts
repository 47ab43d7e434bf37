// What an isolate knows of the pool: pauses, emptiness, and the time in which the Durable Object cannot decide.
import { describe, expect, it } from "vitest";
import { PoolView } from "../../../../core/rate-limit/isolate/pool-view.ts";
import type { LeaseGrant } from "../../../../core/rate-limit/lease-messages.ts";

const GRANT: LeaseGrant = {
  ...{
    sequence: 1,
    tokens: 0,
    ratePerMs: 0,
    capacity: 0,
    lifetimeMs: 300,
    renewAfterMs: 1_000,
    pauseMs: 0,
    retryAfterMs: 0,
    poolTokens: 5,
  },
};
const view = (grant: Partial<LeaseGrant> = {}, held = 0, settled = 0, now = 1_000): PoolView => {
  const pool = new PoolView();
  pool.learn({ ...GRANT, ...grant }, held, settled, now);
  return pool;
};

describe("after a grant, the isolate", () => {
  it("knows the most that the pool can have", () => {
    expect([new PoolView().tokens, new PoolView().atMost(0.01, 0)]).toEqual([0, Number.POSITIVE_INFINITY]);
    const pool = view();
    expect([pool.tokens, pool.atMost(0.01, 1_200), pool.isEmpty, pool.isPaused(1_000), pool.isForgettable(1_000)]).toEqual([
      5,
      7,
      false,
      false,
      true,
    ]);
  });

  it("pauses as it was ordered, and remembers an empty bucket for 10 s beyond that", () => {
    const pool = view({ pauseMs: 200, retryAfterMs: 100 });
    expect([pool.isPaused(1_199), pool.isPaused(1_200), pool.retryInMs(1_050)]).toEqual([true, false, 150]);
    const empty = view({ poolTokens: 0.5, pauseMs: 200, retryAfterMs: 300 }, 0.5);
    expect([empty.isEmpty, empty.isPaused(1_299), empty.isForgettable(11_299), empty.isForgettable(11_300)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(empty.atMost(0.01, 1_400)).toBe(2); // one token at the end of the pause
    expect([view({ poolTokens: 1 }).isEmpty, view({ poolTokens: 0 }, 1).isEmpty]).toEqual([false, false]);
    expect(view({ pauseMs: 5_000, retryAfterMs: 0 }).retryInMs(1_000)).toBe(1_000);
  });

  it("pauses after a request that failed", () => {
    const pool = view();
    pool.pause(1_000, 2_000);
    expect([pool.isPaused(2_999), pool.isPaused(3_000)]).toEqual([true, false]);
  });
});

describe("while the Durable Object cannot decide, the isolate", () => {
  it("neither pauses nor refuses, and uses what it knew of the pool, less the debt that is charged now", () => {
    const pool = view({ poolTokens: 9 });
    pool.learn({ ...GRANT, poolTokens: 0, pauseMs: 700, retryAfterMs: 700, recoversAfterMs: 700, isUnreachable: true }, 0, 4, 2_000);
    expect([pool.recoversInMs(2_100), pool.recoversInMs(2_700), pool.isPaused(2_100), pool.isEmpty, pool.tokens]).toEqual([
      600,
      0,
      false,
      false,
      5,
    ]);
    const cold = view({ poolTokens: 0, recoversAfterMs: 700, isUnreachable: true });
    expect(cold.atMost(0.01, 1_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses a call that can wait no longer where tokens are lent, but not after a crash", () => {
    expect(view({ recoversAfterMs: 700 }).refuseAfterWait(1_500)).toEqual({ kind: "refused", retryAfterMs: 200 });
    expect(view({ recoversAfterMs: 700 }).refuseAfterWait(1_700)).toBeUndefined();
    expect(view({ recoversAfterMs: 700, isUnreachable: true }).refuseAfterWait(1_500)).toBeUndefined();
    expect(view().refuseAfterWait(1_500)).toBeUndefined();
  });
});

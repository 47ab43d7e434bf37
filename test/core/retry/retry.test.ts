// Which failed attempts are retried, after which pause, and what the retry budget pays for.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RETRIES } from "../../../core/config/retry.ts";
import { type AttemptFailure, type AttemptState, decideRetry, retryBudget } from "../../../core/retry/retry.ts";

const FAILURE: AttemptFailure = { code: "unavailable", wasSent: true, pushbackMs: undefined };
const ATTEMPT: AttemptState = { number: 1, isIdempotent: true, remainingMs: 1e9 };
const POLICY = { ...RETRIES, max: 10 };
const largeBudget = () => retryBudget({ percent: 100, minPerSecond: 1_000 });

/** Decides at time 0, under a policy of ten retries. */
function decide(failure: Partial<AttemptFailure> = {}, attempt: Partial<AttemptState> = {}, random = 0.5, budget = largeBudget()) {
  return decideRetry(POLICY, { ...FAILURE, ...failure }, { ...ATTEMPT, ...attempt }, budget, 0, random);
}

describe("a retry", () => {
  it.each([
    [{ code: "invalid_argument" }, {}, "not_retriable"],
    [{ code: "deadline_exceeded" }, {}, "not_retriable"], // the call itself may be slow
    [{}, { isIdempotent: false }, "not_idempotent"],
    [{}, { number: 11 }, "max"],
    [{ pushbackMs: -1 }, {}, "pushback"],
    [{ pushbackMs: 20_000 }, { remainingMs: 10_000 }, "deadline"],
    [{}, { remainingMs: 20 }, "deadline"],
  ])("is not made after the failure %j of the attempt %j: %s", (failure, attempt, reason) =>
    expect(decide(failure, attempt)).toEqual({ kind: "stop", reason }),
  );

  it("is made of an attempt that was not sent, idempotent or not", () => {
    expect(decide({ wasSent: false }, { isIdempotent: false }).kind).toBe("retry");
  });

  it("is made as often as the policy says", () => {
    expect(decide({}, { number: 10 }, 0).kind).toBe("retry");
    expect(decide({}, { number: 11 }, 0)).toEqual({ kind: "stop", reason: "max" });
  });

  it("is made where more than 1 ms remains after its pause", () => {
    expect(decide({}, { remainingMs: 51 })).toEqual({ kind: "stop", reason: "deadline" });
    expect(decide({}, { remainingMs: 52 })).toEqual({ kind: "retry", afterMs: 50 });
  });
});

describe("the pause before a retry", () => {
  const pause = (number: number, random: number, failure: Partial<AttemptFailure> = {}) => {
    const decision = decide(failure, { number }, random);
    return decision.kind === "retry" ? decision.afterMs : decision.reason;
  };

  it("is bounded by a base that doubles with each attempt, up to 10 s", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => pause(number, 0.999_999));
    expect(longest).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it("is a random part of that bound, in whole ms, rounded up", () => {
    for (const number of [1, 4]) {
      const boundMs = 100 * 2 ** (number - 1);
      expect([0, 0.25, 0.5, 0.75].map((random) => pause(number, random))).toEqual([0, boundMs / 4, boundMs / 2, (boundMs * 3) / 4]);
    }
    expect(pause(1, 0.001)).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (number, random) => {
        expect(pause(number, random)).toBeLessThanOrEqual(Math.min(10_000, 100 * 2 ** (number - 1)));
      }),
    );
  });

  it("is what the upstream requests, where that is longer; a pushback of 0 is no refusal", () => {
    expect(pause(1, 0.5, { pushbackMs: 3_000 })).toBe(3_000);
    expect(pause(1, 0.5, { pushbackMs: 51 })).toBe(51);
    expect(pause(1, 0.5, { pushbackMs: 49 })).toBe(50);
    expect(pause(1, 0.5, { pushbackMs: 0 })).toBe(50);
    expect(pause(1, 0.5, { pushbackMs: -1 })).toBe("pushback");
    expect(pause(1, 0.5, { pushbackMs: -0.5 })).toBe("pushback");
  });
});

describe("a retry budget", () => {
  const takeAll = (budget: ReturnType<typeof retryBudget>, now: number): number => {
    let count = 0;
    while (count < 100_000 && budget.take(now)) count += 1;
    return count;
  };

  it("pays for retries, and for nothing that is not retried", () => {
    const budget = retryBudget({ percent: 0, minPerSecond: 1 }); // three at first
    for (const [failure, attempt] of [
      [{ code: "not_found" }, {}],
      [{}, { isIdempotent: false }],
      [{}, { number: 11 }],
      [{ pushbackMs: -1 }, {}],
      [{}, { remainingMs: 1 }],
    ] as const)
      for (let n = 0; n < 5; n++) expect(decide(failure, attempt, 0, budget).kind).toBe("stop");
    for (let n = 0; n < 3; n++) expect(decide({}, {}, 0, budget).kind).toBe("retry");
    expect(decide({}, {}, 0, budget)).toEqual({ kind: "stop", reason: "budget" });
  });

  it("lets through its share of the calls, and its rate", () => {
    const budget = retryBudget({ percent: 10, minPerSecond: 3 });
    let retries = 0;
    for (let call = 0; call < 10_000; call++) {
      budget.earn();
      if (budget.take(call)) retries += 1; // every call fails, one each ms for 10 s
    }
    expect(retries).toBeGreaterThan(0.09 * 10_000);
    expect(retries).toBeLessThanOrEqual(0.1 * 10_000 + 3 * 10 + 9);
  });

  it("starts with three seconds of its rate", () => {
    expect(takeAll(retryBudget({ percent: 10, minPerSecond: 4 }), 1_000)).toBe(12);
    expect(takeAll(retryBudget({ percent: 10, minPerSecond: 0 }), 1_000)).toBe(0);
  });

  it("earns a share of each call and its rate, and saves what ten seconds or a hundred calls earn", () => {
    const budget = retryBudget({ percent: 25, minPerSecond: 2 });
    takeAll(budget, 1_000);
    for (let call = 0; call < 8; call++) budget.earn();
    expect(takeAll(budget, 1_000)).toBe(2);
    expect(takeAll(budget, 2_500)).toBe(3);
    expect(takeAll(budget, 60_000)).toBe(25); // a hundred calls earn more than ten seconds
    for (let call = 0; call < 9_000; call++) budget.earn();
    expect(takeAll(budget, 60_000)).toBe(25);
    const rated = retryBudget({ percent: 10, minPerSecond: 3 });
    for (let call = 0; call < 1_000_000; call++) rated.earn();
    expect(takeAll(rated, 0)).toBe(30); // ten seconds earn more than a hundred calls
  });
});

// Which failures are worth another attempt, how long it waits, and what a budget lets through.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RETRIES } from "../../../core/config/retry.ts";
import { type AttemptFailure, type AttemptState, decideRetry, retryBudget } from "../../../core/retry/retry.ts";

const failure: AttemptFailure = { code: "unavailable", wasSent: true, pushbackMs: undefined };
const tried: AttemptState = { number: 1, isIdempotent: true, remainingMs: 10_000 };
const rich = () => retryBudget({ percent: 100, minPerSecond: 1_000 });
const decide = (more: Partial<AttemptFailure> = {}, at: Partial<AttemptState> = {}, budget = rich(), roll = 0.5) =>
  decideRetry(RETRIES, { ...failure, ...more }, { ...tried, ...at }, budget, 0, roll);

describe("another attempt", () => {
  it.each([
    [{ code: "invalid_argument" }, {}, "not_retriable"],
    [{ code: "deadline_exceeded" }, {}, "not_retriable"], // by default: it may be the call that is slow
    [{}, { isIdempotent: false }, "not_idempotent"],
    [{}, { number: 6 }, "max"],
    [{ pushbackMs: -1 }, {}, "pushback"],
    [{ pushbackMs: 20_000 }, {}, "deadline"],
    [{}, { remainingMs: 20 }, "deadline"],
  ])("is not made after %j at %j: %s", (more, at, reason) => expect(decide(more, at)).toEqual({ kind: "stop", reason }));

  it("is made of what was never sent, whether or not it is safe to repeat", () => {
    expect(decide({ wasSent: false }, { isIdempotent: false }).kind).toBe("retry");
  });

  it("waits as long as the upstream asks, or anything up to the doubled base, at most 10 s", () => {
    expect(decide({ pushbackMs: 3_000 })).toEqual({ kind: "retry", afterMs: 3_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (number, roll) => {
        const decided = decide({}, { number, remainingMs: 60_000 }, rich(), roll);
        if (decided.kind !== "retry") throw new Error(decided.reason);
        expect(decided.afterMs).toBeLessThanOrEqual(Math.min(10_000, 100 * 2 ** (number - 1)));
      }),
    );
  });
});

describe("a budget", () => {
  it("lets through its share of the calls, and a few a second", () => {
    const budget = retryBudget({ percent: 10, minPerSecond: 3 });
    let retries = 0;
    for (let call = 0; call < 10_000; call++) {
      budget.earn();
      if (budget.take(call)) retries += 1; // every call fails, one a millisecond: 10 s
    }
    expect(retries).toBeGreaterThan(0.09 * 10_000);
    expect(retries).toBeLessThanOrEqual(0.1 * 10_000 + 3 * 10 + 9);
  });

  it("is nothing for what is not retried anyway", () => {
    const budget = retryBudget({ percent: 0, minPerSecond: 1 });
    for (let n = 0; n < 100; n++) decide({ code: "not_found" }, {}, budget);
    expect(decide({}, {}, budget).kind).toBe("retry");
  });

  it("never holds more than ten quiet seconds, or a hundred calls, leave", () => {
    const budget = retryBudget({ percent: 10, minPerSecond: 3 });
    for (let call = 0; call < 1_000_000; call++) budget.earn();
    let retries = 0;
    while (budget.take(0)) retries += 1;
    expect(retries).toBe(30);
  });
});

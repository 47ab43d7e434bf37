// The state of a local breaker before its first call.
import { expect, it } from "vitest";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { initialState, sparesMethod } from "../../../core/breaker/local-state.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

it("is shared by no two breakers, and not changed by one", () => {
  const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1 });
  const other = new LocalBreaker(BREAKER);
  const admission = breaker.admit(1_000, 0);
  if (admission.kind !== "admitted") throw new Error("a new breaker refuses");
  breaker.record(admission, "failed", 1, 1_000, 0);
  expect(breaker.state.own.kind).toBe("open");
  expect(other.state).toEqual(initialState());
});

it("is plain data: a copy of it behaves like the original", () => {
  const breaker = new LocalBreaker({ ...BREAKER, consecutive: 3 });
  const fail = (one: LocalBreaker): void => {
    const admission = one.admit(1_000, 0);
    if (admission.kind === "admitted") one.record(admission, "failed", 1, 1_000, 0);
  };
  fail(breaker);
  fail(breaker);
  const copy = new LocalBreaker({ ...BREAKER, consecutive: 3 }, structuredClone(breaker.state));
  fail(copy);
  expect([copy.isClosed(1_000), breaker.isClosed(1_000)]).toEqual([false, true]);
});

it.each([
  ["of the failing method", 7, 7, false],
  ["of another method", 7, 8, true],
  ["of an unknown method", 7, 0, false],
  ["if several methods fail", undefined, 8, false],
])("spares a call %s: %j, %j, %j", (_, failing, method, want) => {
  expect(sparesMethod({ kind: "open", until: 0, method: failing }, method)).toBe(want);
});

import { expect, it } from "vitest";
import { isReached } from "../../../core/breaker/clock.ts";

it("a time has come at its ms, and where it is further ahead than any that is set: the clock was set back", () => {
  expect([999, 1_000, 1_001].map((now) => isReached(1_000, now, 500))).toEqual([false, true, true]);
  expect([500, 499, -1_000_000].map((now) => isReached(1_000, now, 500))).toEqual([false, true, true]);
});

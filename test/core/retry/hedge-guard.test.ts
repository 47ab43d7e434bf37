// Whether an upstream is too busy for hedged attempts.
import { describe, expect, it } from "vitest";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";

describe("HedgeGuard", () => {
  const calls = (guard: HedgeGuard, count: number, hasFailed: boolean | undefined): void => {
    for (let n = 0; n < count; n++) guard.end(guard.begin(0, 1e9), hasFailed);
  };

  it("is busy while more than a hundredth of the recent calls failed; calls that were given up do not count", () => {
    const guard = new HedgeGuard();
    calls(guard, 1_000, false);
    calls(guard, 1, true);
    expect(guard.isBusy(0)).toBe(false);
    calls(guard, 2, true);
    expect(guard.isBusy(0)).toBe(true); // 3 of 200
    calls(guard, 60, undefined);
    expect(guard.isBusy(0)).toBe(true);
    calls(guard, 100, false);
    expect(guard.isBusy(0)).toBe(false);
  });

  it("is busy while more than twice the usual calls and four more are in flight", () => {
    const guard = new HedgeGuard();
    const permits = Array.from({ length: 10 }, () => guard.begin(0, 1e9));
    for (let n = 0; n < 4_000; n++) {
      guard.end(permits.shift()!, false);
      permits.push(guard.begin(0, 1e9));
    }
    expect(guard.isBusy(0)).toBe(false); // the usual number is 10
    for (let n = 0; n < 12; n++) permits.push(guard.begin(0, 1e9)); // 22; the usual number is a little above 10 by now
    expect(guard.isBusy(0)).toBe(false);
    for (let n = 0; n < 6; n++) permits.push(guard.begin(0, 1e9));
    expect(guard.isBusy(0)).toBe(true);
    for (const permit of permits.splice(10)) guard.end(permit, undefined);
    expect(guard.isBusy(0)).toBe(false);
  });

  it("is not busy with four calls in flight, for an upstream without traffic; calls that never end expire", () => {
    const guard = new HedgeGuard();
    for (let n = 0; n < 4; n++) guard.begin(0, 1_000);
    expect(guard.isBusy(0)).toBe(false);
    guard.begin(0, 1_000);
    expect(guard.isBusy(0)).toBe(true);
    expect(guard.isBusy(1_000)).toBe(false);
  });
});

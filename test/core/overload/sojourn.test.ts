// The predicted time of a call: the calls before it, at the rate at which calls have ended.
import { describe, expect, it } from "vitest";
import { Sojourn } from "../../../core/overload/sojourn.ts";

describe("the first prediction", () => {
  it("comes with the tenth completed call", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(4, 0, 10);
    for (let n = 1; n <= 9; n++) sojourn.completed();
    expect(sojourn.predictedMs(50)).toBe(0);
    sojourn.completed();
    expect(sojourn.predictedMs(50)).toBeCloseTo(50 / 10, 9); // no call has been in flight for a whole period: one call at the rate of 10 in 50 ms
  });
});

describe("the predicted time", () => {
  it("is the time of the calls before it, at their rate", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(20, 0, 50);
    expect(sojourn.predictedMs(0)).toBe(0);
    for (let n = 1; n <= 20; n++) {
      sojourn.setInFlight(20, n * 50, 50); // one call ends, one begins
      sojourn.completed();
    }
    expect(sojourn.predictedMs(1_000)).toBeGreaterThan(0.8 * 21 * 50);
    expect(sojourn.predictedMs(1_000)).toBeLessThan(1.2 * 21 * 50);
    sojourn.setInFlight(0, 1_001, 50);
    expect(sojourn.predictedMs(1_001)).toBeLessThan(60);
  });
});

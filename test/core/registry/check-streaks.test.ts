// Checks in a row that turn an endpoint healthy or unhealthy.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckStreaks } from "../../../core/registry/check-streaks.ts";

const RULES = { healthyAfter: 2, unhealthyAfter: 3 };

/** @returns what the list says after each check */
function listedAfter(checks: readonly boolean[], rules = RULES): boolean[] {
  const streaks = new CheckStreaks();
  let listed = true;
  return checks.map((result) => {
    if (streaks.record("a", listed, result, rules)) listed = result;
    return listed;
  });
}

describe("CheckStreaks", () => {
  it("turns with the third failure in a row, and back with the second success in a row", () => {
    expect(listedAfter([false, false, true, false, false, false])).toEqual([true, true, true, true, true, false]);
    expect(listedAfter([false, false, false, true, false, true, true])).toEqual([true, true, false, false, false, false, true]);
  });

  it("knows what the last check has found", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), (checks) => {
        const streaks = new CheckStreaks();
        let listed = true;
        for (const result of checks) {
          if (streaks.record("a", listed, result, RULES)) listed = result;
          expect(streaks.hasFailed("a", listed)).toBe(!result);
        }
      }),
    );
  });

  it("counts each endpoint for itself, and none that has left", () => {
    const streaks = new CheckStreaks();
    const once = { healthyAfter: 1, unhealthyAfter: 2 };
    expect([
      streaks.record("a", true, false, once),
      streaks.record("b", true, false, once),
      streaks.record("a", true, false, once),
    ]).toEqual([false, false, true]);
    expect([streaks.record("gone", undefined, false, once), streaks.record("gone", undefined, false, once)]).toEqual([false, false]);
  });

  it("forgets the oldest of too many", () => {
    const streaks = new CheckStreaks();
    for (let n = 0; n <= 2_000; n++) streaks.record(`e${n}`, true, false, RULES);
    expect([streaks.hasFailed("e0", true), streaks.hasFailed("e2000", true)]).toEqual([false, true]);
  });
});

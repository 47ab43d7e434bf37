// For whom a policy is enforced: the same callers each time, and more of them with a larger percent.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEnforcedFor, reportsForSome } from "../../../core/enforcement/enforcement.ts";

const at = (percent: number, key: string) => isEnforcedFor({ mode: "enforce", percent }, key);
const percents = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);

describe("isEnforcedFor", () => {
  it("is stable, and a larger percent only adds callers", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), percents, percents, (key, one, other) => {
        expect(at(one, key)).toBe(at(one, key));
        const [small, large] = one < other ? [one, other] : [other, one];
        if (at(small, key)) expect(at(large, key)).toBe(true);
        expect([at(0, key), at(100, key)]).toEqual([false, true]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([0.1, 1, 10, 50, 99])("is true for about %s %% of callers", (percent) => {
    const callers = 100_000;
    let count = 0;
    for (let n = 0; n < callers; n++) if (at(percent, `192.0.${n >> 8}.${n & 255}`)) count += 1;
    const share = percent / 100;
    const deviation = Math.sqrt(callers * share * (1 - share));
    expect(Math.abs(count - callers * share)).toBeLessThan(5 * deviation);
  });

  it("is true for nobody in the other modes", () => {
    for (const mode of ["off", "report"] as const) expect(isEnforcedFor({ mode, percent: 100 }, "a")).toBe(false);
  });
});

it("knows where some callers are only reported", () => {
  expect(reportsForSome({ mode: "report", percent: 100 })).toBe(true);
  expect(reportsForSome({ mode: "enforce", percent: 99 })).toBe(true);
  expect(reportsForSome({ mode: "enforce", percent: 100 })).toBe(false);
  expect(reportsForSome({ mode: "off", percent: 50 })).toBe(false);
});

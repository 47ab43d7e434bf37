// The settings of circuit breakers.
import { describe, expect, it } from "vitest";
import { BREAKER, parseBreaker } from "../../../core/config/breaker.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

describe("a breaker", () => {
  const parser = (check: Checks, value: unknown) => parseBreaker(check, "breaker", value);
  const of = (field: keyof typeof BREAKER) => ({ field, read: (policy: typeof BREAKER) => policy[field] });
  itReadsNumbers(parser, "breaker", [
    { ...of("consecutive"), min: 1, max: 1_000, fallback: 5, unit: "failures" },
    { ...of("failurePercent"), min: 1, max: 100, fallback: 50, unit: "%" },
    { ...of("slowPercent"), min: 1, max: 100, fallback: 100, unit: "%" },
    { ...of("slowMs"), min: 1, max: 3_600_000, fallback: 10_000, unit: "ms" },
    { ...of("minCalls"), min: 1, max: 10_000, fallback: 20, unit: "calls" },
    { ...of("maxOpenPercent"), min: 0, max: 100, fallback: 70, unit: "%" },
    { ...of("openMs"), min: 100, max: 60_000, fallback: 5_000, unit: "ms" },
    { ...of("quorum"), min: 2, max: 1_000, fallback: 3, unit: "isolates" },
    { ...of("probes"), min: 1, max: 100, fallback: 3, unit: "probes" },
  ]);
  itReadsChoices(parser, "breaker", [{ ...of("mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "breaker", Object.keys(BREAKER));

  it("takes an outlier factor from 1 to 10, or 0 for never", () => {
    expect(accepted(parser, {}).outlierFactor).toBe(1.9);
    for (const outlierFactor of [0, 1, 2.5, 10]) expect(accepted(parser, { outlierFactor }).outlierFactor).toBe(outlierFactor);
    for (const outlierFactor of [-1, 0.5, 0.99, 10.1, "2", true]) {
      const { policy, problems } = parsed(parser, { outlierFactor });
      expect(problems).toEqual([
        `breaker.outlierFactor: found ${JSON.stringify(outlierFactor)}; write a number from 1 to 10, or 0 for never`,
      ]);
      expect(policy.outlierFactor).toBe(1.9);
    }
  });
});

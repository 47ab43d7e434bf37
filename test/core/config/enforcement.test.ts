// The two settings that every policy has.
import { describe, expect, it } from "vitest";
import { type Enforcement, parseEnforcement } from "../../../core/config/enforcement.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, itReadsChoices, parsed } from "./settings.ts";

describe("the enforcement of a policy", () => {
  const outer: Enforcement = { mode: "report", percent: 30 };
  const parser = (check: Checks, value: unknown) => parseEnforcement(check, "e", value, outer);
  itKnowsItsFields(parser, "e", ["mode", "percent"]);
  itReadsChoices(parser, "e", [{ field: "mode", choices: ["off", "report", "enforce"], fallback: "enforce", read: ({ mode }) => mode }]);

  it("is that of the outer settings, a mode for all callers, or a mode with a share of them", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    for (const mode of ["off", "report", "enforce"] as const) expect(accepted(parser, mode)).toEqual({ mode, percent: 100 });
    for (const percent of [0, 0.01, 12.5, 100]) expect(accepted(parser, { percent })).toEqual({ mode: "enforce", percent });
    expect(accepted(parser, { mode: "report", percent: 10 })).toEqual({ mode: "report", percent: 10 });
  });

  it.each([-1, 100.5, "10", null])("takes no percent of %j", (percent) => {
    expect(parsed(parser, { percent }).problems).toEqual([
      `e.percent: found ${JSON.stringify(percent)}; write a share from 0 to 100 (% of callers)`,
    ]);
  });

  it.each([10, "on", null, true])("takes no %j for a mode", (value) => {
    const { policy, problems } = parsed(parser, value);
    expect(problems).toEqual([
      `e: found ${JSON.stringify(value)}; write "off" or "report" or "enforce", or { mode: "enforce", percent: 10 }`,
    ]);
    expect(policy).toBe(outer);
  });
});

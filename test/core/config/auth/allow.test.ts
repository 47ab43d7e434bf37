// The settings of authorization expressions.
import { describe, expect, it } from "vitest";
import { parseAllow } from "../../../../core/config/auth/allow.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, parsed } from "../settings.ts";

describe("an expression", () => {
  const outer = { expression: "true", mode: "report", percent: 100 } as const;
  const parser = (check: Checks, value: unknown) => parseAllow(check, "allow", value, outer);

  it("is that of the outer settings, none, a text, or a text with its mode", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBeUndefined();
    expect(accepted(parser, "false")).toEqual({ expression: "false", mode: "enforce", percent: 100 });
    expect(accepted(parser, { expression: "false" })).toEqual({ expression: "false", mode: "enforce", percent: 100 });
    for (const mode of ["off", "report", "enforce"] as const)
      expect(accepted(parser, { expression: "false", mode })).toEqual({ expression: "false", mode, percent: 100 });
    expect(accepted(parser, { expression: "false", percent: 10 })).toEqual({ expression: "false", mode: "enforce", percent: 10 });
  });

  it.each([[{ expression: "" }], [{ expression: 7 }], [{}], [""]])("%j is reported", (value) => {
    expect(parsed(parser, value).problems[0]).toContain("write a CEL expression as text");
  });

  it("has no other fields and modes", () => {
    expect(parsed(parser, { expression: "true", mode: "warn" }).problems[0]).toContain('write "off" or "report" or "enforce"');
    expect(parsed(parser, { expression: "true", when: 1 }).problems[0]).toContain("allow.when");
    expect(parsed(parser, 7).problems[0]).toContain("allow");
  });
});

// The settings of agents.
import { describe, expect, it } from "vitest";
import { parseAgents } from "../../../../core/config/auth/agents.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, parsed } from "../settings.ts";

const parser = (check: Checks, value: unknown) => parseAgents(check, "auth.agents", value);

describe("agents", () => {
  it("are off where nothing is written", () => {
    expect(accepted(parser, undefined)).toBeUndefined();
  });

  it("are those of a list, or all", () => {
    expect(accepted(parser, { directories: ["https://a.example/", "https://a.example", "https://b.example:8443"] })).toEqual({
      ...{ directories: ["https://a.example", "https://b.example:8443"], open: false },
      ...{ windowMs: 300_000, scopes: [] },
    });
    expect(accepted(parser, { open: true, windowSeconds: 10, scopes: ["b", "a"] })).toEqual({
      ...{ directories: [], open: true },
      ...{ windowMs: 10_000, scopes: ["a", "b"] },
    });
  });

  it.each([
    [{}, "auth.agents.directories", "or write open: true"],
    [{ directories: ["http://a.example"] }, "auth.agents.directories", "write the origins of agents"],
    [{ directories: ["https://a.example/keys"] }, "auth.agents.directories", "write the origins of agents"],
    [{ directories: ["https://192.0.2.1"] }, "auth.agents.directories", "write the origins of agents"],
    [{ open: "yes" }, "auth.agents.open", "write true or false"],
  ])("reports %j", (value, path, fix) => {
    const problems = parsed(parser, value).problems.join("\n");
    expect(problems).toContain(path);
    expect(problems).toContain(fix);
  });

  itKnowsItsFields(parser, "auth.agents", ["directories", "open", "windowSeconds", "scopes"]);
});

// `tidegate check` as a process: lines for people, JSON for editors, and exit codes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../project-copy.ts";

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
  const text = copy.read("gateway.config.ts");
  copy.write("gateway.config.ts", text.replace("  rateLimits: {", "  rateLimits: {\n    spare: { capacity: 1, rate: 1 },"));
});
afterAll(() => copy.remove());

const tidegate = (...args: string[]) => copy.run("tidegate/main.ts", "check", "--skip-types", ...args);

describe("tidegate check", () => {
  it("prints warnings and ends with 0, and with 1 under --strict", () => {
    const { status, stdout } = tidegate();
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^warning: gateway\.config\.ts:6:\d+ rateLimits\.spare: found a rule that no route names; .*\ncheck: 0 errors, 1 warning\n$/,
      ),
    ]);
    expect(tidegate("--strict")).toMatchObject({ status: 1, stdout: expect.stringMatching(/^gateway\.config\.ts:6/) });
  });

  it("prints one JSON object for each problem, and nothing else", () => {
    const { status, stdout } = tidegate("--json");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect([status, lines]).toEqual([
      0,
      [
        {
          severity: "warning",
          file: "gateway.config.ts",
          line: 6,
          column: expect.any(Number),
          path: "rateLimits.spare",
          message: expect.any(String),
          fix: expect.any(String),
        },
      ],
    ]);
  });

  it("ends with 2 for a flag that it does not have", () => {
    expect(tidegate("--stirct")).toMatchObject({ status: 2, stderr: expect.stringContaining("--strict") });
  });
});

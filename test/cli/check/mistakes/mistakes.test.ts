// Each planted mistake is found with its file, path and fix; configurations that are right raise no alarm.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIGURATION_MISTAKES } from "./configuration.ts";
import { GOOD_CONFIGURATIONS } from "./good.ts";
import { type CheckedProject, checkedProject } from "./project-in-process.ts";
import { WRANGLER_MISTAKES } from "./wrangler.ts";

const MISTAKES = [...CONFIGURATION_MISTAKES, ...WRANGLER_MISTAKES];

let project: CheckedProject;
beforeAll(() => {
  project = checkedProject();
  // Migrations are compared with those of the last commit.
  spawnSync("git", ["add", "workers/services/users/wrangler.toml", ".gitignore"]);
  spawnSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "first"]);
});
afterAll(() => project.remove());

describe("check", () => {
  it("knows forty mistakes", () => expect(MISTAKES.length).toBeGreaterThanOrEqual(40));

  it("has nothing to say of the project as it ships", async () => {
    expect(await project.check({})).toEqual([]);
  });

  it.each(MISTAKES)("finds $name", async ({ files, file, path, message, fix, severity = "error", at }) => {
    let lineText: string | undefined;
    const findings = await project.check(files, (found) => {
      const finding = found.find((one) => one.path === path && one.message.includes(message));
      if (finding?.line !== undefined) lineText = readFileSync(finding.file, "utf8").split("\n")[finding.line - 1];
    });
    const finding = findings.find((one) => one.path === path && one.message.includes(message));
    expect(finding ?? findings).toMatchObject({
      severity,
      file,
      path,
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
    });
    if (at !== undefined) expect(lineText).toContain(at);
  });

  it.each(GOOD_CONFIGURATIONS)("raises no alarm for $name", async ({ files }) => {
    const findings = await project.check(files);
    expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  });
});

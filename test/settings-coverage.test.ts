// Every setting has a test that shows its effect, or is marked as one that only Cloudflare's platform shows: test/settings-coverage.json
// has a line for each, with the file and the name of its test.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sections } from "../cli/gen/settings.ts";
import coverage from "./settings-coverage.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "..");

const all = sections();
const isBlock = (path: string): boolean => all.some((section) => section.path === path || section.path.startsWith(`${path}[`));
const settings = all
  .flatMap(({ path, rows }) =>
    rows
      .filter(({ name }) => name !== "route settings")
      .map(({ name, isPlatform }) => ({ path: path === "" ? name : `${path}.${name}`, isPlatform })),
  )
  .filter(({ path }) => !isBlock(path));
const shown = Object.entries(coverage.shown).map(([path, [file = "", name = ""]]) => ({ path, file, name }));

describe("the settings", () => {
  it("that have a line exist, and need one", () => {
    const known = settings.filter(({ isPlatform }) => !isPlatform).map(({ path }) => path);
    expect(shown.map(({ path }) => path).filter((path) => !known.includes(path))).toEqual([]);
  });

  it.each(shown)("$path is in the test that is named", ({ path, file, name }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    const text = readFileSync(join(ROOT, file), "utf8");
    expect(text).toContain(name);
    expect(text).toMatch(
      new RegExp(
        `\\b${path
          .split(".")
          .at(-1)!
          .replaceAll(/\[\w*\]/g, "")}\\b`,
      ),
    );
  });

  it("have a line each, unless they are marked as platform", () => {
    const listed = new Set(shown.map(({ path }) => path));
    const without = settings.filter(({ path, isPlatform }) => !isPlatform && !listed.has(path)).map(({ path }) => path);
    expect(without, "add lines to test/settings-coverage.json").toEqual([]);
  });
});

// Every setting has a test that shows its effect, or is marked as one that only Cloudflare's platform shows: test/settings-coverage.json
// has a line for each, with the file and the name of its test.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sections } from "../cli/gen/settings.ts";
import coverage from "./settings-coverage.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "..");
/** Settings that are read and bounded by tests of their blocks, and whose effect no test shows yet. The number only falls. */
const MOST_NOT_SHOWN = 33;

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
  it("are all listed, each once, and no others", () => {
    const known = settings.filter(({ isPlatform }) => !isPlatform).map(({ path }) => path);
    expect([...shown.map(({ path }) => path), ...coverage.notShown].sort()).toEqual(known.sort());
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

  it("without a test of their effect become fewer", () => {
    expect(coverage.notShown.length).toBeLessThanOrEqual(MOST_NOT_SHOWN);
  });
});

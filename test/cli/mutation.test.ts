// The sample of npm run test:mutation, and the scores that it reports.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import {
  EQUIVALENT,
  equivalenceOf,
  type MutantResult,
  missedGoals,
  reportOf,
  scoreOf,
  scoreWithoutEquivalents,
  tallies,
} from "../mutation/report.ts";
import { COPIED, filesOf, INTEGRATION_TESTS, mutantsOf, rangeOf, sampleOf, textOf } from "../mutation/sample.ts";
import { EXCLUDED } from "../mutation/vitest.config.ts";

const mutants = Array.from({ length: 1_000 }, (_, index) => ({ fileName: index < 3 ? "small" : index < 100 ? "middle" : "large", index }));
const result = (status: string, file = "core/retry/retry.ts", line = 1): MutantResult => ({
  ...{ file, line, mutator: "BooleanLiteral", original: "true", replacement: "false", source: "x = true;", status, killedBy: "" },
});
const runOf = (list: readonly MutantResult[]) => ({ seed: 1, perFile: 5, minutes: 1, files: 1, all: 9, workers: 1, mutants: list });

describe("a sample", () => {
  it("is drawn by its seed, each mutant once, with some of each file", () => {
    const sample = sampleOf(mutants, 200, 5, 1);
    expect(sample).toHaveLength(200);
    expect(new Set(sample).size).toBe(200);
    expect(sampleOf(mutants, 200, 5, 1)).toEqual(sample);
    expect(sampleOf(mutants, 200, 5, 2)).not.toEqual(sample);
    const counts = Map.groupBy(sample, ({ fileName }) => fileName);
    expect(counts.get("small")).toHaveLength(3);
    expect(counts.get("middle")!.length).toBeGreaterThanOrEqual(5);
    expect(sampleOf(mutants, 5_000, 5, 1)).toHaveLength(1_000);
  });

  it("has mutants of all files of the core and all default mutators", async () => {
    const files = filesOf(".", "core/**/*.ts");
    expect(files).toContain("core/retry/retry.ts");
    expect(filesOf(".", "test/**/*.ts")).toEqual([]);
    const all = await mutantsOf(".", ["core/retry/retry.ts"]);
    expect(all.length).toBeGreaterThan(30);
    expect(all.map(({ mutatorName }) => mutatorName)).toContain("ArithmeticOperator");
  });
});

describe("a mutant", () => {
  it("is named to StrykerJS by its range: lines from 1, columns from 0", () => {
    const location = { start: { line: 0, column: 2 }, end: { line: 4, column: 0 } };
    expect(rangeOf({ fileName: "core/ip.ts", location, mutatorName: "A", replacement: "" })).toBe("core/ip.ts:1:2-5:0");
  });

  it("is found again by its text, wherever its lines are now", async () => {
    const file = "core/retry/retry.ts";
    const lines = readFileSync(file, "utf8").split("\n");
    for (const { location } of (await mutantsOf(".", [file])).slice(0, 20)) {
      const text = textOf(lines, location, 0);
      const moved = { start: { ...location.start, line: location.start.line + 2 }, end: { ...location.end, line: location.end.line + 2 } };
      expect(textOf(["", "", ...lines], moved, 0)).toEqual({ ...text, line: text.line + 2 });
      expect(text.original.startsWith(lines[location.start.line]!.slice(location.start.column).split("\n")[0]!.slice(0, 3))).toBe(true);
    }
  });
});

describe("a score", () => {
  it("is the share of killed mutants, without time-outs and errors", () => {
    const list = ["Killed", "Killed", "Killed", "Survived", "NoCoverage", "Timeout", "RuntimeError"].map((status) => result(status));
    const tally = tallies(list).get("core/retry")!;
    expect(tally).toEqual({ killed: 3, survived: 1, uncovered: 1, equivalent: 0, timeouts: 1, errors: 1 });
    expect(scoreOf(tally)).toBe(60);
    expect(scoreWithoutEquivalents({ ...tally, equivalent: 1 })).toBe(75);
    expect(tallies(list).get("core")).toEqual(tally);
    expect(tallies([result("Killed", "core/ip.ts")]).has("core/*.ts")).toBe(true);
  });

  it("has goals for the core and for the folders of balancers, breakers, rate limits and retries", () => {
    const folders = ["balance", "breaker", "rate-limit", "retry"].map((folder) => `core/${folder}/a.ts`);
    const killed = folders.flatMap((file) => Array.from({ length: 92 }, () => result("Killed", file)));
    const alive = folders.flatMap((file) => Array.from({ length: 8 }, () => result("Survived", file)));
    expect(missedGoals(runOf([...killed, ...alive]))).toEqual([]);
    expect(missedGoals(runOf([...killed, ...alive, result("Survived", "core/retry/a.ts")]))).toEqual(["core/retry: 91.1 %, at least 92 %"]);
    const timeouts = Array.from({ length: 22 }, () => result("Timeout"));
    expect(missedGoals(runOf([...killed, ...alive, ...timeouts]))).toEqual(["time-outs: 5.2 %, at most 5 %"]);
  });

  it("matches equivalent mutants by their text, in any line", () => {
    const { file, mutator, source, original, replacement } = result("Survived");
    const listed = [{ file, mutator, source, original, replacement, reason: "the same" }];
    expect(equivalenceOf(result("Survived", file, 99), listed)?.reason).toBe("the same");
    expect(equivalenceOf({ ...result("Survived"), replacement: "other" }, listed)).toBeUndefined();
  });

  it("lists as equivalent only mutants of lines that still exist", () => {
    const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").split("\n") : []).map((line) => line.trim());
    expect(EQUIVALENT.filter(({ file, source }) => !linesOf(file).includes(source))).toEqual([]);
  });

  it("is reported with the seed and each survivor", () => {
    const report = reportOf(runOf([result("Killed"), result("Survived", "core/retry/retry.ts", 7)]));
    expect(report).toContain("Seed 1 drew 2 of the 9 mutants");
    expect(report).toContain("core/retry/retry.ts:7 BooleanLiteral: true -> false");
    expect(report).toContain("Missed: ");
  });

  it("is reported with what was run again", () => {
    const report = reportOf({ ...runOf([result("Killed"), result("Killed")]), again: { mutants: 1, changed: 3 } });
    expect(report).toContain("--mutants 5`, and then with `--again`");
    expect(report).toContain("Seed 1 drew 5 of the 9 mutants");
    expect(report).toContain("1 were run again; 3 whose line is another one now are left out");
  });
});

describe("the copy that mutants run in", () => {
  it("has each file that a test in it imports or reads", () => {
    const files = ["test/core/**/*.ts", ...INTEGRATION_TESTS].flatMap((glob) => globSync(glob)).filter((file) => !EXCLUDED.includes(file));
    expect(files.length).toBeGreaterThan(100);
    const missing = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?:from|import|URL)\s*\(?"(\.[^"]+)"/g)]
        .map(([, path]) => normalize(join(dirname(file), path!)))
        .filter((path) => !COPIED.some((pattern) => matchesGlob(path, pattern)))
        .map((path) => `${file}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it("leaves out only tests that exist", () => {
    expect([...EXCLUDED, ...INTEGRATION_TESTS].filter((file) => !existsSync(file))).toEqual([]);
  });
});

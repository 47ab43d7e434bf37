// npm run test:mutation: applies a seeded sample of mutants to core/, one at a time, and counts the mutants that no test notices.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { parseCommand } from "../../cli/command.ts";
import { type MutantResult, missedGoals, reportOf, summaryOf } from "./report.ts";
import { COPIED, filesOf, keyOf, mutantsOf, sampleOf } from "./sample.ts";
import { SAMPLE_FILE } from "./sample-checker.ts";

const ROOT = join(import.meta.dirname, "../..");
const REPORT = "docs/mutation.md";

const { values } = parseCommand("test:mutation", {
  seed: { type: "string", default: "1" },
  mutants: { type: "string", default: "1500" },
  "min-per-file": { type: "string", default: "5" },
  file: { type: "string", multiple: true },
  workers: { type: "string", default: "2" },
  report: { type: "string" },
  json: { type: "string" },
});
const seed = wholeNumber("seed", values.seed, 0);
const size = wholeNumber("mutants", values.mutants, 1);
const perFile = wholeNumber("min-per-file", values["min-per-file"], 0);
const workers = wholeNumber("workers", values.workers, 1);

const files = [...new Set((values.file ?? ["core/**/*.ts"]).flatMap((glob) => filesOf(ROOT, glob)))];
if (files.length === 0) fail(`--file ${values.file?.join(" ")} matches no file of core/; write a glob such as "core/retry/*.ts"`);
const sources = new Map(files.map((name) => [name, readFileSync(join(ROOT, name), "utf8").split("\n")]));
const all = await mutantsOf(ROOT, files);
const sample = sampleOf(all, size, perFile, seed);
console.log(`seed ${seed}: ${sample.length} of ${all.length} mutants of ${files.length} files, at least ${perFile} of each file`);

const startedAt = performance.now();
const results = await runSample();
const minutes = (performance.now() - startedAt) / 60_000;
const isWhole = values.file === undefined;
const run = { seed, perFile, minutes, mutants: results, files: files.length, all: all.length, workers };
console.log(summaryOf(run));
const target = values.report ?? (isWhole ? REPORT : undefined);
if (target !== undefined) writeFileSync(join(ROOT, target), reportOf(run));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 1)}\n`);
const missed = isWhole ? missedGoals(run) : [];
for (const goal of missed) console.log(`MISSED ${goal}`);
if (missed.length > 0) process.exitCode = 1;

/** Runs StrykerJS on a copy of the core and its tests. */
async function runSample(): Promise<MutantResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-mutation-"));
  process.env[SAMPLE_FILE] = join(folder, "sample.json");
  writeFileSync(process.env[SAMPLE_FILE], JSON.stringify({ root: ROOT, keys: sample.map((mutant) => keyOf(ROOT, mutant)) }));
  process.chdir(ROOT);
  try {
    const results = await new Stryker({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner", join(import.meta.dirname, "sample-checker.ts")],
      vitest: { configFile: "test/mutation/vitest.config.ts", related: true },
      checkers: ["sample"],
      mutate: files,
      coverageAnalysis: "perTest",
      concurrency: workers,
      reporters: ["progress-append-only"],
      allowConsoleColors: false,
      ignorePatterns: ["**", ...COPIED.map((pattern) => `!${pattern}`)],
      tsconfigFile: "none", // StrykerJS would rewrite it with the API of TypeScript 5, which TypeScript 7 does not have
      tempDirName: join(folder, "copy"),
      cleanTempDir: "always",
      timeoutMS: 10_000,
      timeoutFactor: 2,
      dryRunTimeoutMinutes: 60, // the machine may do other work, too
    }).runMutationTest();
    return results.filter(({ status }) => status !== "CompileError").map((result) => resultOf(result));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultOf(result: Awaited<ReturnType<Stryker["runMutationTest"]>>[number]): MutantResult {
  const { fileName, location, mutatorName, replacement = "", status, killedBy } = result;
  const name = keyOf(ROOT, { fileName, location, mutatorName, replacement }).split(":")[0]!;
  const lines = sources.get(name)!;
  const { start, end } = location; // lines and columns count from 1
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = text.at(-1)!.slice(0, end.column - 1);
  text[0] = text[0]!.slice(start.column - 1);
  return {
    file: name,
    line: start.line,
    mutator: mutatorName,
    original: text.join("\n"),
    replacement,
    source: lines[start.line - 1]!.trim(),
    status,
    killedBy: killedBy?.[0] ?? "",
  };
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= min ? number : fail(`--${name} ${text}: write a whole number from ${min}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

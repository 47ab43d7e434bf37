// npm run test:mutation: applies a seeded sample of mutants to core/, one at a time, and counts the mutants that no test notices.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { parseCommand } from "../../cli/command.ts";
import { isAlive, type MutantResult, missedGoals, type Run, reportOf, summaryOf } from "./report.ts";
import { COPIED, filesOf, keyOf, type MutantPosition, mutantsOf, rangeOf, sampleOf, textOf } from "./sample.ts";
import { SAMPLE_FILE } from "./sample-checker.ts";

type EarlierRun = Pick<Run, "seed" | "perFile" | "minutes" | "mutants">;

const ROOT = join(import.meta.dirname, "../..");
const REPORT = "docs/mutation.md";

const { values } = parseCommand("test:mutation", {
  seed: { type: "string", default: "1" },
  mutants: { type: "string", default: "1500" },
  "min-per-file": { type: "string", default: "5" },
  file: { type: "string", multiple: true },
  again: { type: "string" },
  workers: { type: "string", default: "2" },
  report: { type: "string" },
  json: { type: "string" },
});
const earlier = values.again === undefined ? undefined : earlierRun(values.again);
const seed = earlier?.seed ?? wholeNumber("seed", values.seed, 0);
const size = wholeNumber("mutants", values.mutants, 1);
const perFile = earlier?.perFile ?? wholeNumber("min-per-file", values["min-per-file"], 0);
const workers = wholeNumber("workers", values.workers, 1);

const files = [...new Set((values.file ?? ["core/**/*.ts"]).flatMap((glob) => filesOf(ROOT, glob)))];
if (files.length === 0) fail(`--file ${values.file?.join(" ")} matches no file of core/; write a glob such as "core/retry/*.ts"`);
const sources = new Map(files.map((name) => [name, readFileSync(join(ROOT, name), "utf8").split("\n")]));
const all = await mutantsOf(ROOT, files);
const sample = earlier === undefined ? sampleOf(all, size, perFile, seed) : survivorsOf(earlier);
console.log(`seed ${seed}: ${sample.length} of ${all.length} mutants of ${files.length} files, at least ${perFile} of each file`);

const startedAt = performance.now();
const results = [...(earlier?.mutants.filter((mutant) => !isAlive(mutant)) ?? []), ...(await runSample())];
const minutes = (earlier?.minutes ?? 0) + (performance.now() - startedAt) / 60_000;
const isWhole = values.file === undefined;
const run = {
  seed,
  perFile,
  minutes,
  mutants: results,
  files: files.length,
  all: all.length,
  workers,
  ...(earlier !== undefined && { again: { mutants: sample.length, changed: earlier.mutants.length - results.length } }),
};
console.log(summaryOf(run));
const target = values.report ?? (isWhole ? REPORT : undefined);
if (target !== undefined) writeFileSync(resolve(ROOT, target), reportOf(run));
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
      mutate: sample.map(rangeOf), // not all of each file: the coverage of each test by each mutant would need more memory than a process gets
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
    const run = results.filter(({ status }) => status !== "CompileError").map((result) => resultOf(result));
    if (run.length !== sample.length) throw new Error(`${run.length} of the ${sample.length} mutants of the sample were run`);
    return run;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultOf(result: Awaited<ReturnType<Stryker["runMutationTest"]>>[number]): MutantResult {
  const { fileName, location, mutatorName, replacement = "", status, killedBy } = result;
  const name = keyOf(ROOT, { fileName, location, mutatorName, replacement }).split(":")[0]!;
  return {
    file: name,
    mutator: mutatorName,
    replacement,
    ...textOf(sources.get(name)!, location, 1),
    status,
    killedBy: killedBy?.[0] ?? "",
  };
}

/** @returns the mutants of a run that no test noticed, where they are now; those whose line has changed since are left out */
function survivorsOf(run: EarlierRun): MutantPosition[] {
  const now = all.map((mutant) => ({ mutant, text: textOf(sources.get(mutant.fileName)!, mutant.location, 0) }));
  const taken = new Set<MutantPosition>();
  for (const { file, line, mutator, original, replacement, source } of run.mutants.filter(isAlive)) {
    const alike = now.filter(
      ({ mutant, text }) =>
        !taken.has(mutant) &&
        mutant.fileName === file &&
        mutant.mutatorName === mutator &&
        mutant.replacement === replacement &&
        text.original === original &&
        text.source === source,
    );
    const [nearest] = alike.toSorted((a, b) => Math.abs(a.text.line - line) - Math.abs(b.text.line - line));
    if (nearest === undefined) console.log(`changed since: ${file}:${line} ${mutator}`);
    else taken.add(nearest.mutant);
  }
  return [...taken];
}

/** What `--json` wrote of a run of all files. */
function earlierRun(file: string): EarlierRun {
  if (values.file !== undefined) fail("--again runs the survivors of all files once more; leave out --file");
  try {
    const run = JSON.parse(readFileSync(file, "utf8")) as EarlierRun;
    if (![run.seed, run.perFile, run.minutes].every(Number.isFinite) || !Array.isArray(run.mutants)) throw new Error("it is no run");
    return run;
  } catch (error) {
    return fail(
      `--again ${file}: ${(error as Error).message}; write the path of a file that \`npm run test:mutation -- --json FILE\` has written`,
    );
  }
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= min ? number : fail(`--${name} ${text}: write a whole number from ${min}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

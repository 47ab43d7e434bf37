// `npm run test:settings`: runs the test that shows the effect of a setting while the parser ignores this setting. The test has to fail.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shuffled } from "../../bench/figures/statistics.ts";
import { parseCommand } from "../../cli/command.ts";
import coverage from "../settings-coverage.json" with { type: "json" };
import { type FileResult, type Line, type Outcome, outcomeOf, roundsApart, roundsOf } from "./lines.ts";
import { isRecorded, type RunRecord, recordWith } from "./record.ts";

interface Ran {
  readonly line: Line;
  readonly outcome: Outcome;
}

const ROOT = join(import.meta.dirname, "../..");
const RECORD = join(ROOT, "test/settings-record.json");

const { values } = parseCommand("test:settings", {
  sample: { type: "string" },
  setting: { type: "string", multiple: true },
  missing: { type: "boolean" },
  json: { type: "string" },
  record: { type: "boolean" },
});
const record: RunRecord = JSON.parse(readFileSync(RECORD, "utf8")) as RunRecord;
const known = Object.entries(coverage.shown).map(([setting, [file = "", test = ""]]): Line => ({ setting, file, test }));
const elsewhere: Readonly<Record<string, string>> = coverage.elsewhere;
const lines = chosen();
const commit = values.record === true ? commitOfTree() : undefined;
const outcomes = new Map<string, Ran>(); // keys: settings
runAll(roundsOf(lines));
// What a file makes while it is loaded lacks a setting only where the file runs for this setting alone.
runAll(roundsApart(missedOf().map(({ line }) => line)));
const missed = missedOf();
for (const { line, outcome } of missed) process.stdout.write(`${outcome.kind}: ${line.setting}: ${line.file}: ${line.test}\n`);
process.stdout.write(`${outcomes.size - missed.length} of ${outcomes.size} settings: their tests fail where the parser ignores them\n`);
process.exit(missed.length === 0 ? 0 : 1);

function runAll(rounds: readonly (readonly Line[])[]): void {
  for (const [index, round] of rounds.entries()) {
    process.stderr.write(`round ${index + 1} of ${rounds.length}: ${round.length} settings\n`);
    const results = run(round);
    for (const line of round) outcomes.set(line.setting, { line, outcome: outcomeOf(line, results, ROOT) });
    const all = [...outcomes.values()];
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, undefined, 1)}\n`);
    if (commit !== undefined) writeFileSync(RECORD, `${JSON.stringify(recordWith(record, known, all, commit), undefined, 2)}\n`);
  }
}

function missedOf(): readonly Ran[] {
  return [...outcomes.values()].filter(({ outcome }) => outcome.kind !== "noticed");
}

/** The lines to run: those that are named, a sample, or all. */
function chosen(): Line[] {
  const named = values.setting;
  const unknown = named?.find((setting) => !known.some((line) => line.setting === setting));
  if (unknown !== undefined) return fail(`--setting ${unknown}: test/settings-coverage.json has no such line`);
  if (named !== undefined) return known.filter(({ setting }) => named.includes(setting));
  const shown = known.filter(({ setting }) => elsewhere[setting] === undefined);
  if (values.missing === true) return shown.filter((line) => !isRecorded(record, line));
  if (values.sample === undefined) return shown;
  const size = Number(values.sample);
  if (!Number.isSafeInteger(size) || size < 1) return fail(`--sample ${values.sample}: write a whole number from 1`);
  return shuffled(shown, Math.random).slice(0, size);
}

/** The commit that is run: a record of changed files would name the wrong one. */
function commitOfTree(): string {
  const git = (...parts: string[]) => spawnSync("git", parts, { cwd: ROOT, encoding: "utf8" }).stdout.trim();
  const changed = git("status", "--porcelain", "--", ".", ":!test/settings-record.json");
  return changed === "" ? git("rev-parse", "--short=10", "HEAD") : fail(`--record: commit these first:\n${changed}`);
}

/** One process for all files of a round; each test in it that is not named is skipped. */
function run(round: readonly Line[]): readonly FileResult[] {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-settings-"));
  const output = join(folder, "results.json");
  const files = [...new Set(round.map(({ file }) => file))];
  const options = ["--config", "test/settings/vitest.config.ts", "--maxWorkers=1", "--reporter=json", `--outputFile=${output}`];
  try {
    const { stderr } = spawnSync(process.execPath, ["cli/run.mjs", "vitest", "run", ...options, ...files], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, TIDEGATE_SETTINGS_LINES: JSON.stringify(round) },
      maxBuffer: 64 * 1024 * 1024,
    });
    if (!existsSync(output)) return fail(`vitest has reported nothing:\n${stderr.slice(-2_000)}`);
    return (JSON.parse(readFileSync(output, "utf8")) as { testResults: FileResult[] }).testResults;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

// The report of a run: scores by folder, their goals, and every mutant that survived.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A mutant of the sample and its result. */
export interface MutantResult {
  readonly file: string; // path from the root
  readonly line: number; // counts from 1
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  readonly source: string; // the first changed line, trimmed
  readonly status: string; // a StrykerJS status
  readonly killedBy: string; // the first test that failed
}

export interface Run {
  readonly seed: number;
  readonly perFile: number;
  readonly minutes: number;
  readonly files: number;
  readonly all: number; // mutants of the files, in the sample or not
  readonly workers: number;
  readonly mutants: readonly MutantResult[];
  /** Of a second run, with the tests that had been written since: the mutants that were run again, and those whose line is another one now. */
  readonly again?: { readonly mutants: number; readonly changed: number };
}

/** A mutant that no test can notice, because the changed program does the same. It is matched by its text, since lines move. */
export interface Equivalent {
  readonly file: string;
  readonly mutator: string;
  readonly source: string; // the line, trimmed
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

/** Goals: killed mutants in percent, without time-outs and errors. */
const GOALS = { core: 85, "core/balance": 92, "core/breaker": 92, "core/retry": 92, "core/rate-limit": 92 } as const;
const MAX_TIMEOUT_PERCENT = 5;

export const EQUIVALENT = JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8")) as readonly Equivalent[];

interface Tally {
  killed: number;
  survived: number; // tests ran the mutant, and none failed
  uncovered: number; // no test ran the mutant
  equivalent: number; // survived and uncovered ones that are listed as equivalent
  timeouts: number;
  errors: number;
}

export function equivalenceOf(mutant: MutantResult, listed: readonly Equivalent[] = EQUIVALENT): Equivalent | undefined {
  return listed.find(
    ({ file, mutator, source, original, replacement }) =>
      file === mutant.file &&
      mutator === mutant.mutator &&
      source === mutant.source &&
      original === mutant.original &&
      replacement === mutant.replacement,
  );
}

/** @returns a tally for each folder below core/, `core/*.ts` for the files at the top, and `core` for all */
export function tallies(mutants: readonly MutantResult[]): Map<string, Tally> {
  const folders = [...new Set(mutants.map(({ file }) => folderOf(file)))].sort();
  return new Map(["core", ...folders].map((folder) => [folder, tallyOf(mutants.filter(({ file }) => isIn(folder, file)))]));
}

function folderOf(file: string): string {
  const parts = file.split("/");
  return parts.length === 2 ? "core/*.ts" : parts.slice(0, 2).join("/");
}

function isIn(folder: string, file: string): boolean {
  return folder === "core" || folderOf(file) === folder;
}

function tallyOf(mutants: readonly MutantResult[]): Tally {
  const tally: Tally = { killed: 0, survived: 0, uncovered: 0, equivalent: 0, timeouts: 0, errors: 0 };
  for (const mutant of mutants) {
    if (mutant.status === "Killed") tally.killed += 1;
    else if (mutant.status === "Timeout") tally.timeouts += 1;
    else if (isAlive(mutant)) {
      if (mutant.status === "NoCoverage") tally.uncovered += 1;
      else tally.survived += 1;
      if (equivalenceOf(mutant) !== undefined) tally.equivalent += 1;
    } else tally.errors += 1;
  }
  return tally;
}

/** Whether no test has noticed the mutant. */
export function isAlive({ status }: MutantResult): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** Killed mutants in percent, without time-outs and errors. */
export function scoreOf({ killed, survived, uncovered }: Tally): number {
  return (100 * killed) / Math.max(1, killed + survived + uncovered);
}

/** As `scoreOf`, without the mutants that are listed as equivalent. */
export function scoreWithoutEquivalents({ killed, survived, uncovered, equivalent }: Tally): number {
  return (100 * killed) / Math.max(1, killed + survived + uncovered - equivalent);
}

/** @returns a line for each missed goal. Mutants listed as equivalent do not count. */
export function missedGoals({ mutants }: Run): string[] {
  const byFolder = tallies(mutants);
  const missed = Object.entries(GOALS).flatMap(([folder, least]) => {
    const tally = byFolder.get(folder);
    const score = tally === undefined ? 0 : scoreWithoutEquivalents(tally);
    return score >= least ? [] : [`${folder}: ${score.toFixed(1)} %, at least ${least} %`];
  });
  const timeouts = mutants.filter(({ status }) => status === "Timeout").length;
  const share = (100 * timeouts) / Math.max(1, mutants.length);
  return share <= MAX_TIMEOUT_PERCENT ? missed : [...missed, `time-outs: ${share.toFixed(1)} %, at most ${MAX_TIMEOUT_PERCENT} %`];
}

const HEADINGS = [
  "",
  "mutants",
  "killed",
  "survived",
  "not covered",
  "of these equivalent",
  "time-outs",
  "errors",
  "score",
  "without equivalents",
];

function rowsOf(mutants: readonly MutantResult[]): string[][] {
  return [...tallies(mutants)].map(([folder, tally]) => {
    const { killed, survived, uncovered, equivalent, timeouts, errors } = tally;
    const counts = [killed + survived + uncovered + timeouts + errors, killed, survived, uncovered, equivalent, timeouts, errors];
    return [folder, ...counts.map(String), `${scoreOf(tally).toFixed(1)} %`, `${scoreWithoutEquivalents(tally).toFixed(1)} %`];
  });
}

/** The table for the terminal, and the survivors that are not listed as equivalent. */
export function summaryOf({ mutants, minutes }: Run): string {
  const lines = [HEADINGS, ...rowsOf(mutants)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const table = lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  return [...table, `${minutes.toFixed(1)} minutes`, ...unexplained(mutants).map(lineOf)].join("\n");
}

function unexplained(mutants: readonly MutantResult[]): MutantResult[] {
  return mutants.filter((mutant) => isAlive(mutant) && equivalenceOf(mutant) === undefined).sort(byPosition);
}

function byPosition(a: MutantResult, b: MutantResult): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}

function lineOf({ file, line, mutator, original, replacement, status }: MutantResult): string {
  return `${file}:${line} ${mutator}${status === "NoCoverage" ? " (not covered)" : ""}: ${short(original)} -> ${short(replacement)}`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 87)}...` : line;
}

/** The report that is stored in docs/. */
export function reportOf(run: Run): string {
  const { seed, perFile, files, all, mutants, minutes, workers, again } = run;
  const missed = missedGoals(run);
  const drawn = mutants.length + (again?.changed ?? 0);
  const rows = [HEADINGS, HEADINGS.map(() => "---"), ...rowsOf(mutants)].map((row) => `| ${row.join(" | ")} |`);
  const equivalents = mutants.filter((mutant) => isAlive(mutant) && equivalenceOf(mutant) !== undefined).sort(byPosition);
  const survivors = unexplained(mutants);
  return `# Mutation testing of core/

Written by \`npm run test:mutation -- --seed ${seed} --mutants ${drawn}\`${again === undefined ? "" : ", and then with `--again`"}; do not edit. For contributors: the changes of the core that no test notices.

StrykerJS changes the core in one position at a time (all its default mutators, every file) and runs the tests in test/core/ that reach it.
Seed ${seed} drew ${drawn} of the ${all} mutants of ${files} files, at least ${perFile} of each file; ${minutes.toFixed(0)} minutes with ${workers} workers.${again === undefined ? "" : `\nAfter tests were written for the survivors, ${again.mutants} were run again; ${again.changed} whose line is another one now are left out below.`}
Score: killed / (killed + survived + not covered), without time-outs and errors. Mutants that no test can notice are listed in
test/mutation/equivalent.json, each with its reason; the last column leaves them out.

${rows.join("\n")}

${missed.length === 0 ? "All goals are met" : `Missed: ${missed.join("; ")}`} (goals: core/ 85 %, balance, breaker, retry and rate-limit 92 %, time-outs at most 5 %).

## Survivors without an explanation

${survivors.length === 0 ? "None." : survivors.map((mutant) => `* \`${lineOf(mutant).replaceAll("`", "'")}\``).join("\n")}

## Equivalent mutants of this sample

${equivalents.length === 0 ? "None." : equivalents.map((mutant) => `* \`${lineOf(mutant).replaceAll("`", "'")}\`: ${equivalenceOf(mutant)!.reason}`).join("\n")}
`;
}

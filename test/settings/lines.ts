// The lines of test/settings-coverage.json in rounds: in each, a test runs for one setting.

/** One setting, and the test that shows its effect. */
export interface Line {
  readonly setting: string;
  readonly file: string;
  readonly test: string; // title as it is written: `%s is refused`
}

const BY_TITLE = "$setting"; // such a test runs once for each setting, which its title has

export function isByTitle({ test }: Pick<Line, "test">): boolean {
  return test.includes(BY_TITLE);
}

/**
 * Rounds in which a file runs for all its lines whose tests differ: each test runs without the setting of its own line. What a file makes
 * while it is loaded has all settings then; `roundsApart` is for lines that are not noticed for this reason.
 */
export function roundsOf(lines: readonly Line[]): Line[][] {
  return inRounds(lines, (line) => (isByTitle(line) ? `${line.file} ${line.setting}` : `${line.file} ${line.test}`));
}

/** Rounds in which no file has two lines. */
export function roundsApart(lines: readonly Line[]): Line[][] {
  return inRounds(lines, ({ file }) => file);
}

/** @param slotOf a round has one line for each value */
function inRounds(lines: readonly Line[], slotOf: (line: Line) => string): Line[][] {
  const rounds: Line[][] = [];
  const used = new Map<string, number>();
  for (const line of lines) {
    const slot = slotOf(line);
    const round = used.get(slot) ?? 0;
    used.set(slot, round + 1);
    while (rounds.length <= round) rounds.push([]);
    rounds[round]!.push(line);
  }
  return rounds;
}

/** Whether a test, or a group around it, is the one of a line: a line has a part of its title. @param titles of the groups and of the test */
export function isTestOf(line: Line, titles: readonly string[]): boolean {
  const escaped = line.test.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const setting = titleOf(line.setting).replaceAll(".", String.raw`\.`);
  const form = escaped.replaceAll(String.raw`\$setting`, setting).replaceAll(/%[sdifjo#]|\\\$[\w\\.]*\w/g, ".*");
  const pattern = new RegExp(isByTitle(line) ? `^${form}$` : form, "s");
  return titles.some((title) => pattern.test(title));
}

/** A setting as titles of tests name it: `rateLimits.compat` for `rateLimits[name].compat`. */
export function titleOf(setting: string): string {
  return setting.replaceAll(/\[\w*\]/g, "");
}

/** What vitest reports about a file, of which this is used. */
export interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly TestResult[];
}

interface TestResult {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[] | undefined;
  readonly meta?: { readonly setting?: string }; // without which it ran; setup.ts writes it
}

/** What becomes of the test while its setting is ignored. */
export type Outcome =
  | { readonly kind: "noticed"; readonly failure: string } // first line of the failure
  | { readonly kind: "not noticed" | "no such test" | "not loaded" };

/** @param root folder of the project: reports have whole paths */
export function outcomeOf(line: Line, results: readonly FileResult[], root: string): Outcome {
  const file = results.find(({ name }) => name === `${root}/${line.file}`);
  if (file === undefined) return { kind: "no such test" };
  // A file that cannot be loaded says nothing of the test.
  if (file.assertionResults.length === 0) return { kind: file.status === "failed" ? "not loaded" : "no such test" };
  const own = file.assertionResults.filter(({ meta }) => meta?.setting === line.setting);
  if (own.length === 0) return { kind: "no such test" };
  const failed = own.find(({ status }) => status === "failed");
  if (failed === undefined) return { kind: "not noticed" };
  return { kind: "noticed", failure: failed.failureMessages?.[0]?.split("\n")[0] ?? "" };
}

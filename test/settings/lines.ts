// The lines of test/settings-coverage.json in rounds: in each, a test file runs for one setting, or for those that its tests name in their titles.

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

/** Rounds in which no file has two lines, except lines whose tests have the setting in their titles. */
export function roundsOf(lines: readonly Line[]): Line[][] {
  const rounds: Line[][] = [];
  const used = new Map<string, number>();
  const byTitle = lines.filter(isByTitle);
  if (byTitle.length > 0) rounds.push([...byTitle]);
  for (const { file } of byTitle) used.set(file, 1);
  for (const line of lines) {
    if (isByTitle(line)) continue;
    const round = used.get(line.file) ?? 0;
    used.set(line.file, round + 1);
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
  const own = file.assertionResults.filter(({ ancestorTitles, title }) => isTestOf(line, [...ancestorTitles, title]));
  if (own.length === 0) return { kind: "no such test" };
  const failed = own.find(({ status }) => status === "failed");
  if (failed === undefined) return { kind: "not noticed" };
  return { kind: "noticed", failure: failed.failureMessages?.[0]?.split("\n")[0] ?? "" };
}

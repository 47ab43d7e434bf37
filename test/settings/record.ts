// What `npm run test:settings -- --record` writes: for each setting the commit at which its test last failed without it.
import type { Line, Outcome } from "./lines.ts";

/** Keys: settings. The test is the one of test/settings-coverage.json at that time; another one has to be run again. */
export type RunRecord = Readonly<Record<string, { readonly commit: string; readonly test: string }>>;

/** Whether the test that a line names now has been run, and has shown the effect of the setting. */
export function isRecorded(record: RunRecord, line: Line): boolean {
  return record[line.setting]?.test === nameOf(line);
}

/**
 * @param lines    all lines there are; records of others are left out
 * @param outcomes of this run; a setting whose test did not fail loses its record
 */
export function recordWith(
  record: RunRecord,
  lines: readonly Line[],
  outcomes: readonly { readonly line: Line; readonly outcome: Outcome }[],
  commit: string,
): RunRecord {
  const run = new Map(outcomes.map(({ line, outcome }) => [line.setting, outcome.kind === "noticed"]));
  const entries = lines.flatMap((line): [string, RunRecord[string]][] => {
    const isNoticed = run.get(line.setting);
    if (isNoticed === true) return [[line.setting, { commit, test: nameOf(line) }]];
    return isNoticed === undefined && isRecorded(record, line) ? [[line.setting, record[line.setting]!]] : [];
  });
  return Object.fromEntries(entries);
}

function nameOf({ file, test }: Line): string {
  return `${file}: ${test}`;
}

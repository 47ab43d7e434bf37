// Lines of the other checks as data, and the order in which findings are shown.
import { describe, expect, it } from "vitest";
import { type Finding, findingOf, inOrder, lineOf } from "../../../cli/check/finding.ts";
import { exitCodeOf, jsonOf, summaryOf, textOf } from "../../../cli/check/report.ts";

const LINES: readonly (readonly [line: string, finding: Omit<Finding, "severity">])[] = [
  [
    'gateway.config.ts:15:9 services["a.B"].methods.X: found "X"; write "Y"',
    { file: "gateway.config.ts", line: 15, column: 9, path: 'services["a.B"].methods.X', message: 'found "X"', fix: 'write "Y"' },
  ],
  [
    'wrangler.toml: [[services]] USERS: found service = "x", which is none; write "y"; or create it',
    { file: "wrangler.toml", path: "[[services]] USERS", message: 'found service = "x", which is none', fix: 'write "y"; or create it' },
  ],
  [
    "workers/services/a/wrangler.toml: found no name; write it",
    { file: "workers/services/a/wrangler.toml", path: "", message: "found no name", fix: "write it" },
  ],
  ["services[0].upstream: found nothing; write it", { file: "", path: "services[0].upstream", message: "found nothing", fix: "write it" }],
  [
    'a.ts:3:1 Could not resolve "./b.ts"; create the file: import "./b.ts"',
    { file: "a.ts", line: 3, column: 1, path: "", message: 'Could not resolve "./b.ts"', fix: 'create the file: import "./b.ts"' },
  ],
];

describe("a finding", () => {
  it.each(LINES)("is read from %s", (line, finding) => {
    expect(findingOf(line, "error")).toEqual({ severity: "error", ...finding });
  });

  it("is written as the line that it was read from, with its place", () => {
    expect(lineOf(findingOf(LINES[0]![0], "error"))).toBe(LINES[0]![0]);
    expect(lineOf({ ...findingOf(LINES[1]![0], "error"), line: 7, column: 2 })).toBe(
      `wrangler.toml:7:2 ${LINES[1]![0].replace("wrangler.toml: ", "")}`,
    );
  });

  it("is listed once, the severe ones first, and counts as an error under --strict", () => {
    const [one, two] = [findingOf(LINES[0]![0], "note"), findingOf(LINES[1]![0], "warning")];
    const findings = [one, two, { ...one, severity: "error" as const }];
    expect(inOrder(findings).map(({ severity, file }) => [severity, file])).toEqual([
      ["error", "gateway.config.ts"],
      ["warning", "wrangler.toml"],
    ]);
    expect(exitCodeOf(inOrder([one, two]))).toBe(0);
    expect(exitCodeOf(inOrder([one, two], true))).toBe(1);
    expect(inOrder([one], true)[0]!.severity).toBe("note");
  });

  it("is an object a line for editors, and a line with its severity for people", () => {
    const findings = LINES.map(([line]) => findingOf(line, "warning"));
    expect(
      jsonOf(findings)
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(findings);
    expect(textOf(findings).split("\n")[0]).toBe(`warning: ${LINES[0]![0]}`);
    expect(summaryOf(findings)).toBe("check: 0 errors, 5 warnings");
  });
});

// The problems that the TypeScript compiler finds in a project: a misspelt method in gateway.config.ts is one of them.
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import type { Finding } from "./finding.ts";

const PROBLEM = /^([^\s(]+)\((\d+),(\d+)\): error (TS\d+): (.*)$/;

/** @param project folder or file of the tsconfig.json */
export function typeFindings(project = "."): Finding[] {
  const path = `${join(process.cwd(), "node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  const { stdout, status, error } = spawnSync("tsc", ["--noEmit", "--pretty", "false", "-p", project], {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  if (error !== undefined) {
    const fix = "install it: npm install --save-dev typescript";
    return [{ severity: "error", file: "", path: "", message: `found no TypeScript compiler: ${error.message}`, fix }];
  }
  return status === 0 ? [] : typeProblems(stdout);
}

/** @param output of `tsc --pretty false` */
export function typeProblems(output: string): Finding[] {
  const findings: Finding[] = [];
  for (const line of output.split("\n")) {
    const [, file, row, column, code, message] = PROBLEM.exec(line) ?? [];
    const last = findings.at(-1);
    if (file !== undefined)
      findings.push({
        severity: "error",
        file,
        line: Number(row),
        column: Number(column),
        path: code!,
        message: message!,
        fix: fixOf(message!),
      });
    else if (last !== undefined && line.startsWith("  "))
      findings[findings.length - 1] = { ...last, message: `${last.message} ${line.trim()}`, fix: fixOf(`${last.message} ${line}`) };
  }
  return findings;
}

function fixOf(message: string): string {
  const suggested = /Did you mean (?:to write )?'"?([^'"]+)"?'/.exec(message)?.[1];
  return suggested === undefined ? "correct it" : `write "${suggested}"`;
}

// Programs in other languages that print one line for each check: "ok NAME", or "FAILED NAME: WHY".
import { spawn } from "node:child_process";
import type { Checks } from "./checks.ts";

export interface Ended {
  readonly code: number | null; // null where a signal has ended it
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_MS = 240_000;

export function runProgram(program: string, args: readonly string[], cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: RUN_MS, ...(cwd === undefined ? {} : { cwd }) });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("error", (error) => resolve({ code: null, stdout, stderr: error.message }));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** @param prefix of each name: who called what */
export function report(checks: Checks, prefix: string, { code, stdout, stderr }: Ended): void {
  const lines = stdout.split("\n").filter((line) => line !== "");
  for (const line of lines) {
    if (line.startsWith("ok ")) checks.pass(prefix + line.slice(3));
    else checks.fail(prefix + line.replace(/^FAILED /, "").slice(0, 80), line);
  }
  if (code !== 0 || lines.length === 0) checks.fail(`${prefix}the program ends well`, `it ended with ${code}: ${stderr.slice(-800)}`);
}

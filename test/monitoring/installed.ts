// Whether the programs of Prometheus are here: Debian's package `prometheus` has both.
import { spawnSync } from "node:child_process";

/** The path of a program; undefined where it is not installed. Such a test is skipped with a line, and fails where TIDEGATE_REQUIRE_ALL is set. */
export function installed(program: "prometheus" | "promtool"): string | undefined {
  const path = process.env[program.toUpperCase()] ?? program;
  if (spawnSync(path, ["--version"]).status === 0) return path;
  const missing = `found no ${program}; install it: apt-get install prometheus`;
  if (process.env["TIDEGATE_REQUIRE_ALL"] === "1") throw new Error(missing);
  console.warn(`SKIPPED: ${missing}`);
  return undefined;
}

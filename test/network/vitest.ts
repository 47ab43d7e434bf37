// Runs projects of test/network/vitest.config.ts in a process of its own, with other environment variables.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const CLI = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** @returns the exit code */
export function vitest(projects: readonly string[], variables: Readonly<Record<string, string>>): Promise<number> {
  const args = [CLI, "run", "--config", "test/network/vitest.config.ts", ...projects.flatMap((name) => ["--project", name])];
  const child = spawn(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...variables } });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

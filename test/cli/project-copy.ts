// A copy of the project's own files in a temporary folder, for tests that start its commands with other configurations.
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const BIN = join(ROOT, "node_modules", ".bin");

export interface ProjectCopy {
  readonly folder: string;
  /** The environment for commands: the tools of node_modules come first. */
  readonly env: NodeJS.ProcessEnv;
  read(file: string): string;
  write(file: string, text: string): void;
  /** Runs a file of cli/ to its end. */
  run(file: string, ...args: string[]): SpawnSyncReturns<string>;
  remove(): void;
}

export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-copy-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8" });
  for (const file of files.split("\0")) if (file !== "" && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(folder, file));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env["PATH"]}`, WRANGLER_SEND_METRICS: "false" };
  return {
    folder,
    env,
    read: (file) => readFileSync(join(folder, file), "utf8"),
    write: (file, text) => writeFileSync(join(folder, file), text),
    run: (file, ...args) => spawnSync("node", [join("cli", file), ...args], { cwd: folder, env, encoding: "utf8" }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

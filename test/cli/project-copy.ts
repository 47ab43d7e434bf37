// Copies the files of the project to a temporary folder, for tests that run its commands with other configurations.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { CONSOLE_FOLDER } from "../../cli/console/build-console.ts";
import { OWN_FOLDERS, ownFilesIn, TEAM_FILES } from "../../cli/own-files.ts";
import { OBJECTS_FILE } from "../../cli/project/workers.ts";

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

/** Copies the files of the repository with the shipped configuration, without the services and settings of a team. */
export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-copy-"));
  const atRoot = readdirSync(ROOT, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/^\.(?!gitignore|npmrc)|\.log$/.test(entry.name),
  );
  const files = [...atRoot.map(({ name }) => name), ".ci/run", ...OWN_FOLDERS.flatMap((name) => ownFilesIn(ROOT, name))];
  for (const file of files) cpSync(join(ROOT, file), join(folder, file));
  cpSync(join(ROOT, CONSOLE_FOLDER), join(folder, CONSOLE_FOLDER), { recursive: true }); // vitest.config.ts has built it
  for (const file of TEAM_FILES) writeFileSync(join(folder, file), shipped(file));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env["PATH"]}`, WRANGLER_SEND_METRICS: "false" };
  return {
    folder,
    env,
    read: (file) => readFileSync(join(folder, file), "utf8"),
    write: (file, text) => writeFileSync(join(folder, file), text),
    run: (file, ...args) => spawnSync("node", [join("cli", file), ...args], { cwd: folder, env, encoding: "utf8" }),
    remove: () => {
      unlinkSync(join(folder, "node_modules")); // removes the link, not its target
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @returns the shipped text of a file that teams change */
function shipped(file: string): string {
  if (file === OBJECTS_FILE) {
    const text = readFileSync(join(ROOT, "test/support/shipped/objects/wrangler.toml"), "utf8");
    return text.replace(/^main = .*/m, 'main = "index.ts"');
  }
  const text = readFileSync(join(ROOT, "test/support/shipped", basename(file)), "utf8");
  if (file.endsWith(".toml"))
    return text.replace('main = "index.ts"', 'main = "workers/gateway/index.ts"').replace('"../../../console/dist"', '"console/dist"');
  return text.replaceAll('"../../../', dirname(file) === "." ? '"./' : '"../../');
}

// `tidegate completion`: writes the script of a shell to where the shell looks for it, and prints it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { SCRIPTS, SHELLS, type Shell } from "./scripts.ts";

const BEGIN = "# begin: tidegate completion";
const END = "# end: tidegate completion";

/** Where the script is written, and a line in the settings of the shell, where that is needed. */
interface Target {
  readonly file: string;
  readonly settings?: string; // file that gets the line
  readonly line?: string;
}

export async function printScript(context: Context, _: object, [shell = ""]: readonly string[]): Promise<void> {
  const name = shellOf(shell, context.env);
  context.print({ shell: name, script: SCRIPTS[name] }, SCRIPTS[name]);
}

export async function installCompletion(context: Context, { remove }: { readonly remove: boolean }, [shell = ""]: readonly string[]) {
  const name = shellOf(shell, context.env);
  const target = targetOf(name, context.env);
  if (remove) rmSync(target.file, { force: true });
  else write(target.file, SCRIPTS[name]);
  if (target.settings !== undefined) changeSettings(target.settings, remove ? undefined : target.line);
  const result = { shell: name, file: target.file, settings: target.settings ?? null, isInstalled: !remove };
  context.print(result, remove ? `removed ${target.file}\n` : `written to ${target.file}; open a new ${name}\n`);
}

function shellOf(given: string, env: Context["env"]): Shell {
  const name = given || basename(env["SHELL"] ?? "");
  const shell = SHELLS.find((one) => one === name);
  if (shell !== undefined) return shell;
  throw new Failure({ what: `SHELL: found "${name}"`, fix: `write ${SHELLS.join(", ")}` }, 2);
}

function targetOf(shell: Shell, env: Context["env"]): Target {
  const home = env["HOME"] || homedir();
  const data = env["XDG_DATA_HOME"] || join(home, ".local/share");
  const config = env["XDG_CONFIG_HOME"] || join(home, ".config");
  if (shell === "fish") return { file: join(config, "fish/completions/tidegate.fish") };
  const file = join(data, `tidegate/completion.${shell}`);
  if (shell === "bash") return { file, settings: join(home, ".bashrc"), line: `[ -r ${quoted(file)} ] && . ${quoted(file)}` };
  const line = `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n[ -r ${quoted(file)} ] && . ${quoted(file)}`;
  return { file, settings: join(env["ZDOTDIR"] || home, ".zshrc"), line };
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/** @param line undefined: the lines of an earlier call are removed */
function changeSettings(file: string, line: string | undefined): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  const without = begin < 0 || end < begin ? before : before.slice(0, begin) + before.slice(end + END.length + 1);
  const separator = without === "" || without.endsWith("\n") ? "" : "\n";
  const after = line === undefined ? without : `${without}${separator}${BEGIN}\n${line}\n${END}\n`;
  if (after !== before) write(file, after);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

// What a command gets from the terminal: streams, whether they show colors, the folder of the project, and how results are printed.
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { type CommandProblem, problemText } from "./failure.ts";

/** A stream of the process. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The parts of `process` that the command reads and writes. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  cwd(): string;
}

export interface Context extends Terminal {
  readonly isJson: boolean; // the standard output gets JSON alone
  readonly hasColor: boolean; // whether the standard output shows colors
  readonly root: string; // the nearest folder with a gateway.config.ts, or the current folder
  /** A path that the user has written, relative to the folder where the command was started. */
  path(written: string): string;
  /** Prints the result: as JSON under --json, otherwise as text. Integers of 64 bits are strings in JSON. */
  print(value: unknown, text: string): void;
  /** A line for the person at the terminal, on the standard error. */
  note(text: string): void;
  /** Shows what a long command does now, on one line of a terminal; nothing elsewhere. */
  progress(text: string): void;
  /** Reports a problem that does not end the command. */
  report(problem: CommandProblem): void;
}

const PROJECT_FILE = "gateway.config.ts";
const ERASE_LINE = "\r\u001b[2K";

export function contextOf(terminal: Terminal, isJson: boolean): Context {
  const { stdin, stdout, stderr, env } = terminal;
  const started = startedIn(terminal);
  let isLineOpen = false;
  const writeError = (text: string): void => {
    stderr.write(isLineOpen ? `${ERASE_LINE}${text}` : text);
    isLineOpen = false;
  };
  return {
    ...{ stdin, stdout, stderr, env, isJson },
    cwd: () => started,
    hasColor: showsColor(stdout, env),
    root: projectRoot(started),
    path: (written) => (isAbsolute(written) ? written : resolve(started, written)),
    print: (value, text) => {
      if (isLineOpen) writeError("");
      stdout.write(isJson ? `${jsonText(value)}\n` : text);
    },
    note: (text) => writeError(`${text}\n`),
    progress: (text) => {
      if (stderr.isTTY !== true) return;
      stderr.write(`${ERASE_LINE}${text}`);
      isLineOpen = true;
    },
    report: (problem) => writeError(`${problemText(problem, showsColor(stderr, env))}\n`),
  };
}

/** @see no-color.org and force-color.org: an empty variable does not count */
export function showsColor(output: Output, env: Terminal["env"]): boolean {
  const forced = env["FORCE_COLOR"];
  if (env["NO_COLOR"]) return false;
  if (forced) return forced !== "0";
  return output.isTTY === true && env["TERM"] !== "dumb";
}

/** JSON with integers of 64 bits as strings, as in JSON of protobuf. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value ?? null, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

/** npm starts scripts in the root of the project, and names the folder of the person in INIT_CWD. */
function startedIn({ env, cwd }: Terminal): string {
  const current = cwd();
  const initial = env["INIT_CWD"];
  if (initial === undefined || !existsSync(join(current, PROJECT_FILE))) return current;
  return relative(current, initial).startsWith("..") ? current : initial;
}

function projectRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) return from;
  }
}

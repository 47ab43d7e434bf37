// What a command reports where it fails: what happened, where, why, and what fixes it.

/** A position in a file of the project. */
export interface Position {
  readonly file: string; // from the root of the project
  readonly line?: number; // from 1
  readonly path?: string; // inside the file, as in services["users.v1.UserService"].upstream
}

export interface CommandProblem {
  readonly what: string; // the fact and the value
  readonly where?: Position;
  readonly why?: string;
  readonly fix?: string;
  readonly details?: readonly unknown[]; // error details of an RPC, as JSON
}

/** 0: done; 1: failed, or the things compared differ; 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** Ends a command. The message of the error is the text without colors. */
export class Failure extends Error {
  readonly problem: CommandProblem;
  readonly code: Exclude<ExitCode, 0>;

  constructor(problem: CommandProblem | string, code: Exclude<ExitCode, 0> = 1) {
    const whole = typeof problem === "string" ? { what: problem } : problem;
    super(problemText(whole, false));
    this.problem = whole;
    this.code = code;
  }
}

/** Wrong arguments. @param command its name, as in "keys issue", for the command that shows the help */
export function wrongUsage(what: string, command: string, fix?: string): Failure {
  return new Failure({ what, fix: fix === undefined ? helpHint(command) : `${fix} (${helpHint(command)})` }, 2);
}

export function helpHint(command: string): string {
  return `\`tidegate ${command} --help\``.replace("  ", " ");
}

/** @param isColored whether the terminal shows colors */
export function problemText({ what, where, why, fix, details = [] }: CommandProblem, isColored: boolean): string {
  const paint = (code: number, text: string): string => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = [`${paint(31, "error:")} ${what}`];
  if (where !== undefined) lines.push(`  ${paint(2, "where:")} ${positionText(where)}`);
  if (why !== undefined) lines.push(`  ${paint(2, "why:")}   ${why}`);
  for (const detail of details) lines.push(`  ${JSON.stringify(detail)}`);
  if (fix !== undefined) lines.push(`  ${paint(32, "fix:")}   ${fix}`);
  return lines.join("\n");
}

export function positionText({ file, line, path }: Position): string {
  return `${file}${line === undefined ? "" : `:${line}`}${path === undefined ? "" : ` ${path}`}`;
}

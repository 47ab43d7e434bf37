// The help of a command, from its definition: the same text for --help, for cli/usage and for docs/cli.md.
import type { Command, RouteMap } from "@stricli/core";
import { examplesOf, type Host } from "./define.ts";

export type HelpTarget = Command<Host> | RouteMap<Host>;

export interface FlagHelp {
  readonly written: string; // --env, -e NAME
  readonly meaning: string; // with the default
}

const WIDTH = 120; // columns
const COMMON: readonly FlagHelp[] = [
  { written: "--help, -h", meaning: "show this text" },
  { written: "--version", meaning: "show the version of Tidegate" },
];

/** @param invocation how the command is called: `tidegate keys issue`, or `npm run keys --` */
export function helpText(target: HelpTarget, invocation: string): string {
  return `${bodyText(target, invocation)}\n${table(COMMON)}`;
}

/** The help without the flags that every command has. */
export function bodyText(target: HelpTarget, invocation: string): string {
  return "getAllEntries" in target ? groupText(target, invocation) : commandText(target, invocation);
}

function groupText(target: RouteMap<Host>, invocation: string): string {
  const rows = entriesOf(target).map(({ name, target: { brief } }) => ({ written: name, meaning: brief }));
  const text = target.fullDescription ?? target.brief;
  const hint = `Flags and arguments of a command: ${invocation} COMMAND --help`;
  return `usage: ${invocation} COMMAND [FLAG ...]\n\n${wrapped(capital(text), 0)}\n\n${table(rows)}\n${hint}\n`;
}

function commandText(target: Command<Host>, invocation: string): string {
  const args = argumentsOf(target);
  const examples = examplesOf(target).map((example) => `       ${invocation} ${example}\n`);
  const usage = `usage: ${[invocation, ...args.map(({ written }) => written), "[FLAG ...]"].join(" ")}\n${examples.join("")}`;
  const text = `${wrapped(capital(target.fullDescription ?? target.brief), 0)}\n`;
  return [usage, text, ...(args.length > 0 ? [table(args)] : []), table(flagsOf(target))].join("\n");
}

/** The commands of a group, in the order of the table. */
export function entriesOf(target: RouteMap<Host>): { readonly name: string; readonly target: HelpTarget }[] {
  return target.getAllEntries().map(({ name, target: entry }) => ({ name: name["convert-camel-to-kebab"], target: entry }));
}

/** Parts of the library's parameters that the help shows. */
interface Shown {
  readonly kind?: string;
  readonly brief: string;
  readonly placeholder?: string;
  readonly default?: unknown;
  readonly optional?: boolean;
  readonly values?: readonly string[];
}

export function flagsOf({ parameters }: Command<Host>): FlagHelp[] {
  const shortOf = new Map(Object.entries(parameters.aliases ?? {}).map(([short, name]) => [name, short]));
  return Object.entries(parameters.flags ?? {}).map(([name, flag]) => {
    const { kind, brief, placeholder, default: fallback, values } = flag as Shown;
    const value = kind === "boolean" ? "" : ` ${placeholder ?? values?.join("|") ?? "VALUE"}`;
    const short = shortOf.has(name) ? `, -${shortOf.get(name)}` : "";
    const standard = kind === "boolean" || fallback === undefined || fallback === "" ? "" : ` (default ${String(fallback)})`;
    return { written: `--${kebab(name)}${short}${value}`, meaning: `${brief}${standard}` };
  });
}

export function argumentsOf({ parameters: { positional } }: Command<Host>): FlagHelp[] {
  if (positional === undefined) return [];
  if (positional.kind === "array") {
    const { brief, placeholder = "ARG" } = positional.parameter as Shown;
    return [{ written: positional.minimum === 0 ? `[${placeholder} ...]` : `${placeholder} ...`, meaning: brief }];
  }
  return positional.parameters.map((parameter) => {
    const { brief, placeholder = "ARG", optional } = parameter as Shown;
    return { written: optional === true ? `[${placeholder}]` : placeholder, meaning: brief };
  });
}

function table(rows: readonly FlagHelp[]): string {
  const width = Math.min(24, Math.max(...rows.map(({ written }) => written.length)));
  const line = ({ written, meaning }: FlagHelp): string => {
    const indented = wrapped(meaning, width + 4);
    return written.length > width ? `  ${written}\n${" ".repeat(width + 4)}${indented}` : `  ${written.padEnd(width)}  ${indented}`;
  };
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** Lines of at most `WIDTH` columns. @param indent of the lines after the first */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current !== "" && indent + current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current].join(`\n${" ".repeat(indent)}`);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

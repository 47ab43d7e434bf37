// `npm run docs:commands`: writes docs/cli.md and the usage texts of npm scripts from the definitions of the commands; with --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "@stricli/core";
import { parseCommand } from "../command.ts";
import { root } from "../tidegate/app.ts";
import { examplesOf, type Host } from "../tidegate/define.ts";
import { argumentsOf, bodyText, entriesOf, type FlagHelp, flagsOf, type HelpTarget } from "../tidegate/help.ts";

const PAGE = "docs/cli.md";
const BEGIN = "<!-- begin: written by `npm run docs:commands` from cli/tidegate/commands/ -->";
const END = "<!-- end -->";

/** Scripts of package.json that are commands, with how they are called. */
const SCRIPTS: Readonly<Record<string, { readonly command: string; readonly invocation: string }>> = {
  start: { command: "dev", invocation: "npm start --" },
  gen: { command: "gen", invocation: "npm run gen --" },
  deploy: { command: "deploy", invocation: "npm run deploy --" },
  keys: { command: "keys", invocation: "npm run keys --" },
  purge: { command: "purge", invocation: "npm run purge --" },
  breaker: { command: "breaker", invocation: "npm run breaker --" },
  register: { command: "register", invocation: "npm run register --" },
  identity: { command: "identity", invocation: "npm run identity --" },
};

/** @returns the page with the reference of all commands; the text around it stays */
export function pageWith(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no lines "${BEGIN}" and "${END}"; write them around the reference`);
  const sections = entriesOf(root).flatMap(({ name, target }) => sectionsOf(target, `tidegate ${name}`));
  return `${page.slice(0, begin)}${BEGIN}\n\n${sections.join("\n\n")}\n\n${page.slice(end)}`;
}

function sectionsOf(target: HelpTarget, name: string): string[] {
  if (!("getAllEntries" in target)) return [commandSection(target, name)];
  const head = [`## \`${name}\``, "", sentence(target.fullDescription ?? target.brief)].join("\n");
  return [head, ...entriesOf(target).flatMap((entry) => sectionsOf(entry.target, `${name} ${entry.name}`))];
}

function commandSection(target: Command<Host>, name: string): string {
  const args = argumentsOf(target);
  const title = `##${name.split(" ").length > 2 ? "#" : ""} \`${[name, ...args.map(({ written }) => written)].join(" ")}\``;
  const examples = examplesOf(target).map((example) => `\`${name} ${example}\``);
  const parts = [title, "", sentence(target.fullDescription ?? target.brief)];
  if (examples.length > 0) parts.push("", `As in ${examples.join(" or ")}.`);
  return [...parts, "", "| flag or argument | meaning |", "|---|---|", ...[...args, ...flagsOf(target)].map(rowText)].join("\n");
}

function rowText({ written, meaning }: FlagHelp): string {
  return `| \`${written.replaceAll("|", "\\|")}\` | ${meaning.replaceAll("|", "\\|").replaceAll("[", "\\[")} |`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

/** @returns the usage text of each npm script, by its file; cli/launch/usage.mjs adds the flags that all commands have */
function usageTexts(): [string, string][] {
  const targets = new Map(entriesOf(root).map(({ name, target }) => [name, target]));
  const scripts = Object.entries(SCRIPTS).map(([script, { command, invocation }]): [string, string] => [
    `cli/usage/${script}.txt`,
    bodyText(targets.get(command)!, invocation),
  ]);
  return [...scripts, ["cli/usage/tidegate.txt", bodyText(root, "npm run tidegate --")]];
}

function main(): void {
  const { values } = parseCommand("docs:commands", { check: { type: "boolean", default: false } });
  for (const [file, text] of [[PAGE, pageWith(read(PAGE))] as const, ...usageTexts()]) {
    if (!values.check) writeFileSync(file, text);
    else if (read(file) !== text) {
      process.stderr.write(`${file} is not what cli/tidegate/commands/ gives; run \`npm run docs:commands\` and commit it\n`);
      process.exitCode = 1;
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

if (import.meta.main) main();

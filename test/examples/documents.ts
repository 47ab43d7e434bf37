// What README and docs hold for a reader to run: fenced blocks, and commands within the text.
import { readdirSync, readFileSync } from "node:fs";
import { ownFilesIn } from "../../cli/own-files.ts";

export interface Block {
  readonly at: string; // file:line of the opening fence
  readonly file: string;
  readonly language: string; // first word after the fence
  readonly path: string; // second word: the file that the block is, or belongs to
  readonly text: string;
}

export interface Command {
  readonly at: string[]; // file:line of each mention
  readonly line: string;
}

/** Programs whose names begin a command; a file such as `wrangler.toml` is none. */
const COMMAND = /^(?:[A-Z_]+=\S+ )*(npm|npx|node|curl|buf|wrangler|grpcurl|git|\.ci\/run)(?: |$)/;

/** The changelog tells of the past: its commands may be gone. */
const documents = [...readdirSync("."), ...["bench", "docs"].flatMap((folder) => ownFilesIn(".", folder))]
  .filter((file) => file.endsWith(".md") && file !== "CHANGELOG.md")
  .sort();

export const blocks: readonly Block[] = documents.flatMap(blocksOf);

/** Commands in backticks within the text, each once. */
export const inline: readonly Command[] = collected(documents.flatMap(inlineOf));

/** Lines of `sh` blocks, continuation lines joined, comments removed. */
export function commandsOf(block: Block): string[] {
  const lines = block.text.replaceAll("\\\n", " ").split("\n");
  return lines
    .map((line) =>
      line
        .replace(/(^|\s)#\s.*$/, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "");
}

/** Commands of a `console` block, each with what it prints. */
export function sessionOf(block: Block): { command: string; prints: string }[] {
  return block.text
    .split(/^\$ /m)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [, command = "", prints = ""] = /^((?:.*\\\n)*.*)\n?([\s\S]*)$/.exec(part) ?? [];
      return { command, prints: prints.trim() };
    });
}

function blocksOf(file: string): Block[] {
  const found: Block[] = [];
  let open: { line: number; indent: string; language: string; path: string; text: string[] } | undefined;
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    const fence = /^(\s*)```(.*)$/.exec(line);
    if (open === undefined && fence !== null) {
      const [language = "", path = ""] = fence[2]!.trim().split(/\s+/);
      open = { line: index + 1, indent: fence[1]!, language, path, text: [] };
    } else if (open !== undefined && fence !== null) {
      const { language, path, text } = open;
      found.push({ at: `${file}:${open.line}`, file, language, path, text: `${text.join("\n")}\n` });
      open = undefined;
    } else if (open !== undefined) {
      open.text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  return found;
}

function inlineOf(file: string): { at: string; line: string }[] {
  const text = readFileSync(file, "utf8").replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, (block) => block.replaceAll(/[^\n]/g, ""));
  return [...text.matchAll(/`([^`]+)`/g)]
    .map(({ 1: code, index }) => ({
      at: `${file}:${text.slice(0, index).split("\n").length}`,
      line: code!.replaceAll(/\s+/g, " ").replaceAll("\\|", "|"),
    }))
    .filter(({ line }) => COMMAND.test(line));
}

function collected(mentions: readonly { at: string; line: string }[]): Command[] {
  const byLine = new Map<string, string[]>();
  for (const { at, line } of mentions) byLine.set(line, [...(byLine.get(line) ?? []), at]);
  return [...byLine].map(([line, at]) => ({ line, at }));
}

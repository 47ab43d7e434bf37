// What a shell gets for the words before the cursor: one candidate a line, a tab, and its meaning.
import { type Application, proposeCompletions } from "@stricli/core";
import type { Terminal } from "../context.ts";
import type { Host } from "../define.ts";

/** @param words after `tidegate`; the last one is not complete, and may be empty */
export async function candidates(app: Application<Host>, words: readonly string[], host: Host): Promise<string[]> {
  const proposed = await proposeCompletions(app, words.length === 0 ? [""] : words, host as never);
  return proposed.map(({ completion, brief }) => `${completion}\t${brief.split("\n")[0]}`);
}

/** `tidegate __complete -- WORD ...`, which the scripts call. @returns undefined for another command */
export async function complete(app: Application<Host>, args: readonly string[], host: Host, { stdout }: Terminal): Promise<0 | undefined> {
  if (args[0] !== "__complete") return undefined;
  const words = args[1] === "--" ? args.slice(2) : args.slice(1);
  const lines = await candidates(app, words, host).catch((): string[] => []); // wrong words have no continuation
  stdout.write(lines.map((line) => `${line}\n`).join(""));
  return 0;
}

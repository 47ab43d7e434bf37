// Parses the arguments of a command. An unknown flag is refused with a suggestion and the usage text.
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { suggest } from "../core/config/problems.ts";
import { usageOf, VERSION } from "./launch/usage.mjs";

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/**
 * Ends the process with 2 and the usage text for wrong arguments, and with 0 for --help and --version.
 *
 * @param script  a key of `scripts` in package.json; its text is in cli/usage/
 * @param options options of `parseArgs`; each must be in the usage text
 */
export function parseCommand<const O extends ParseArgsOptionsConfig>(
  script: string,
  options: O,
  { allowPositionals = false }: Pick<ParseArgsConfig, "allowPositionals"> = {},
): Parsed<O> {
  const usage = usageOf(script);
  if (usage === undefined) throw new Error(`cli/usage has no text for ${script}; write cli/usage/${script.replaceAll(":", "-")}.txt`);
  for (const name of Object.keys(options))
    if (!usage.includes(`--${name}`)) throw new Error(`--${name} is not in the usage text of ${script}`);
  const common = { help: { type: "boolean", short: "h" }, version: { type: "boolean" } } as const;
  try {
    const parsed = parseArgs({ options: { ...options, ...common }, allowPositionals, strict: true });
    const { help, version } = parsed.values as { help?: boolean; version?: boolean };
    if (help || version) exit(0, help ? usage : `tidegate ${VERSION}\n`);
    return parsed as unknown as Parsed<O>;
  } catch (error) {
    const problem = (error as Error).message.split(". ")[0]!; // the first sentence has the fact and the value
    return exit(2, `${problem}${suggestionFor(problem, Object.keys(options))}\n\n${usage}`);
  }
}

/** @returns the most similar flag, where the problem is an unknown one; otherwise no text, since the usage lists all flags */
function suggestionFor(problem: string, flags: readonly string[]): string {
  const name = /^Unknown option '--(.+)'$/.exec(problem)?.[1];
  const similar = name === undefined ? "" : suggest(name, flags);
  return similar.startsWith('"') ? `; did you mean --${similar.slice(1, -1)}?` : "";
}

function exit(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

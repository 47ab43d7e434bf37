// Reads the arguments of a command: an unknown flag is refused with the usage text, and --help and --version are the same everywhere.
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { usageOf, VERSION } from "./launch/usage.mjs";

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/**
 * Ends the process with 2 and the usage text where the arguments are wrong, and with 0 for --help and --version.
 *
 * @param script  a key of `scripts` in package.json; its text is in cli/usage/
 * @param options as for `parseArgs`; each has to be in the usage text
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
    // The first sentence of the message has the fact and the value.
    return exit(2, `${(error as Error).message.split(". ")[0]}\n\n${usage}`);
  }
}

function exit(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

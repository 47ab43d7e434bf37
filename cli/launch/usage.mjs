// Finds the usage text of a command. Plain JavaScript without dependencies: `npm run X -- --help` needs no installation.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PACKAGE = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const COMMON = `
  --help, -h       show this text
  --version        show the version of Tidegate
`;

/** The file that has the commands of `npx tidegate`. */
export const TIDEGATE = "cli/tidegate/main.ts";

/** @type {string} */
export const VERSION = PACKAGE.version;

/**
 * The script of package.json that runs these arguments of cli/run.mjs.
 *
 * @param {readonly string[]} args of cli/run.mjs: a tool and what follows it
 * @returns {string | undefined}
 */
export function scriptOf(args) {
  const given = `node cli/run.mjs ${args.join(" ")} `;
  /** @type {[string, string][]} */
  const scripts = Object.entries(PACKAGE.scripts);
  const matching = scripts.filter(([, command]) => given.startsWith(`${command} `));
  return matching.sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

/**
 * @param {string} script a key of `scripts` in package.json
 * @returns {string | undefined} cli/usage/<script>.txt, with `-` for `:`, and what all commands take
 */
export function usageOf(script) {
  const file = fileURLToPath(new URL(`../usage/${script.replaceAll(":", "-")}.txt`, import.meta.url));
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd() + "\n" + COMMON : undefined;
}

/**
 * How many arguments of `cli/tidegate/main.ts` the script itself has: 1 for `npm run keys`, 0 for `npm run tidegate`.
 *
 * @param {string | undefined} script
 * @returns {number}
 */
export function wordsOf(script) {
  const command = script === undefined ? "" : PACKAGE.scripts[script];
  return command.split(" ").filter(Boolean).slice(3).length;
}

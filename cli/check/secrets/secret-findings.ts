// Secrets in files that are committed: variables of each wrangler.toml, texts of gateway.config.ts, and .dev.vars where git does not ignore it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Finding } from "../finding.ts";
import { inFile, levelsOf, type Table, tableName, tableOf, type WranglerFile } from "../wrangler/wrangler-file.ts";
import { secretIn } from "./secrets.ts";

/** Values of public keys, and texts that only look like secrets, by the setting that has them. */
export const PUBLIC_SETTINGS = new Set([
  "publicKey",
  "x",
  "y",
  "n",
  "e",
  "kid",
  "x5c",
  "x5t",
  "audiences",
  "descriptors",
  "description",
  "title",
  "expression",
  "kty",
  "crv",
]);

/** @param fix what to do with a secret, by its name; values are in no message */
export function variableFindings(file: WranglerFile): Finding[] {
  return levelsOf(file).flatMap(([env, level]) =>
    [...textsIn(tableOf(level["vars"]))].flatMap(([name, inner, value]) => {
      const found = secretIn(inner, value);
      if (found === undefined) return [];
      const fix = `delete it here, and set it as a secret: wrangler secret put ${name}${env === undefined ? "" : ` --env ${env}`}, or .dev.vars on this machine`;
      return [
        inFile(
          file,
          "error",
          `${tableName(env, "vars")} ${name}`,
          `${found.kind} among the variables, which everybody reads who may see the repository or the settings of the Worker`,
          fix,
        ),
      ];
    }),
  );
}

/** Each text with the name of its variable, and that of the value within a variable that is a table. */
function* textsIn(table: Table): Generator<readonly [variable: string, name: string, value: string]> {
  for (const [variable, value] of Object.entries(table)) {
    if (typeof value === "string") yield [variable, variable, value];
    else for (const [, name, inner] of textsIn(tableOf(value))) yield [variable, name, inner];
  }
}

const ASSIGNED = /(?:(["']?)([A-Za-z_$][\w$-]*)\1\s*[:=]\s*)?(?:"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`)/g;

/** @param file gateway.config.ts, or a file that it imports */
export function sourceFindings(file: string, text: string = readFileSync(file, "utf8")): Finding[] {
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*(?:import\b|\/\/|\*)/.test(line)) return [];
    return [...line.matchAll(ASSIGNED)].flatMap((match): Finding[] => {
      const [name, value] = [match[2] ?? "", match[3] ?? match[4] ?? match[5] ?? ""];
      if (PUBLIC_SETTINGS.has(name)) return [];
      const found = secretIn(name, value);
      if (found === undefined) return [];
      const fix = "delete it here, and name a Worker secret in its place: wrangler secret put NAME, or .dev.vars on this machine";
      return [
        {
          severity: "error",
          file,
          line: index + 1,
          column: match.index + 1,
          path: name,
          message: `found ${found.kind}, which everybody reads who may see the repository`,
          fix,
        },
      ];
    });
  });
}

/** `.dev.vars` has secrets: git must not have it. */
export function committedVariables(): Finding[] {
  const files = [".dev.vars", ".env"].filter((file) => existsSync(file));
  return files.flatMap((file): Finding[] => {
    const { status, stdout } = spawnSync("git", ["ls-files", "--", file], { encoding: "utf8" });
    if (status !== 0) return []; // no repository
    const isTracked = stdout.trim() !== "";
    const ignored = spawnSync("git", ["check-ignore", "-q", file]).status === 0;
    if (!isTracked && ignored) return [];
    const message = isTracked ? "a file of secrets that git has" : "a file of secrets that git does not ignore";
    const fix = isTracked ? `git rm --cached ${file}, add it to .gitignore, and replace its secrets` : `add ${file} to .gitignore`;
    return [{ severity: isTracked ? "error" : "warning", file, path: "", message: `found ${message}`, fix }];
  });
}

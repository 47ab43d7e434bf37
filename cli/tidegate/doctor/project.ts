// What `tidegate doctor` examines in the project: configuration, bindings, migrations, environments and secrets.
import { lineOf } from "../../check/finding.ts";
import { findProblems } from "../../check/project.ts";
import { checkConfiguration } from "../../project/configuration.ts";
import { environmentOf } from "../../project/environment.ts";
import { type Examination, failed, ok, warning } from "./examination.ts";

const SHOWN = 10; // problems of one kind; `tidegate check` shows all

/** The errors of `tidegate check`, those of wrangler.toml apart from those of the configuration. */
export async function configuration(env: string | undefined): Promise<Examination[]> {
  const findings = await findProblems({ env: environmentOf(env) });
  const errors = findings.filter(({ severity }) => severity === "error");
  const isWrangler = (file: string): boolean => /wrangler\.(toml|jsonc?)$/.test(file);
  return [
    grouped("configuration", errors.filter(({ file }) => !isWrangler(file)).map(lineOf)),
    grouped("bindings", errors.filter(({ file }) => isWrangler(file)).map(lineOf)),
  ];
}

function grouped(name: string, lines: readonly string[]): Examination {
  const [first, ...others] = [...new Set(lines)];
  if (first === undefined) return ok(name, "no errors");
  const more = others.slice(0, SHOWN - 1).map((line) => `\n    ${line}`);
  return failed(name, `${first}${more.join("")}`, "correct what is named; tidegate check shows all with its fixes");
}

/** Secrets that the configuration names, and .dev.vars does not have. */
export async function secrets(env: string | undefined): Promise<Examination> {
  const { missingSecrets } = await checkConfiguration({ secrets: "local", env: environmentOf(env) });
  if (missingSecrets.length === 0) return ok("secrets", "none is missing");
  const [first, ...others] = missingSecrets;
  return warning(
    "secrets",
    `${first}${others.map((line) => `\n    ${line}`).join("")}`,
    "write NAME=value into .dev.vars; for the account: wrangler secret put NAME",
  );
}

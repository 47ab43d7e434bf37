// `tidegate check`: prints what is found in the project.
import { existsSync } from "node:fs";
import { buildConsole } from "../console/build-console.ts";
import { environmentOf } from "../project/environment.ts";
import type { Context } from "../tidegate/context.ts";
import { inOrder } from "./finding.ts";
import { findProblems } from "./project.ts";
import { exitCodeOf, jsonOf, summaryOf, textOf } from "./report.ts";
import { typeFindings } from "./types.ts";

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly env?: string | undefined;
  readonly strict: boolean;
  readonly skipTypes: boolean;
  readonly online: boolean;
}

/** @returns 0 without an error, otherwise 1 */
export async function check(context: Context, { config, env, strict, skipTypes, online }: CheckFlags): Promise<0 | 1> {
  context.progress("checking the configuration and the Workers ...");
  await buildConsole();
  const found = await findProblems({ config, env: environmentOf(env), online });
  const compiles = !skipTypes && existsSync("tsconfig.json");
  if (compiles) context.progress("compiling the TypeScript of the project ...");
  const findings = inOrder([...found, ...(compiles ? typeFindings() : [])], strict);
  if (context.isJson) context.stdout.write(jsonOf(findings));
  else context.print(undefined, `${textOf(findings)}${summaryOf(findings)}\n`);
  return exitCodeOf(findings);
}

// `tidegate init`: starts create-tidegate, which has the templates and the prompts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../launch/usage.mjs";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";

export interface InitOptions {
  readonly yes: boolean;
  readonly tidegate?: string | undefined; // version of the package
  readonly noInstall: boolean;
}

/** In this repository; the package has the command alone, and npm brings create-tidegate in the same version. */
const OWN = fileURLToPath(new URL("../../../create-tidegate/src/create.mjs", import.meta.url));

export async function init(context: Context, { yes, tidegate, noInstall }: InitOptions, [name = ""]: readonly string[]): Promise<number> {
  const isInteractive = context.stdin.isTTY === true && !yes && !context.isJson;
  if (name === "" && !yes && !isInteractive)
    throw new Failure({ what: "found no NAME", fix: "write one, as in tidegate init my-api, or --yes" }, 2);
  const given = [...(name === "" ? [] : [name]), ...(isInteractive ? [] : ["--yes"]), ...(noInstall ? ["--no-install"] : [])];
  const args = [...given, ...(tidegate === undefined ? [] : ["--tidegate", tidegate])];
  const [program, ...first] = existsSync(OWN) ? [process.execPath, OWN] : ["npm", "exec", "--yes", "--", `create-tidegate@${VERSION}`];
  // Under --json the standard output has the result alone.
  const stdio = context.isJson ? (["ignore", 2, 2] as const) : "inherit";
  const child = spawn(program!, [...first, ...args], {
    cwd: context.cwd(),
    stdio: typeof stdio === "string" ? stdio : [...stdio],
    shell: process.platform === "win32",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) {
    const fix = "see what it reports above";
    throw new Failure({ what: `create-tidegate ended with ${code ?? "a signal"}; the project is not complete`, fix }, code === 2 ? 2 : 1);
  }
  if (context.isJson) context.print({ name: name || "my-api", folder: context.path(name || "my-api") }, "");
  return 0;
}

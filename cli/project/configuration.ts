// Checks gateway.config.ts against the protos and wrangler.toml before anything starts, so that a mistake is reported once, with its fix.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "../../core/config/problems.ts";
import { bindingsOf, readWorkerConfig } from "./bindings.ts";
import { BundleError, bundle } from "./bundle.ts";
import { locate } from "./locate.ts";
import type { FoundProblem, VerifyRequest, VerifyResult } from "./verify.ts";

export interface CheckOptions {
  /** Whose secrets count: "local" those of `.dev.vars`; "deployed" those of an account, which cannot be read from here. */
  readonly secrets: "local" | "deployed";
  /** The environment of wrangler.toml; undefined for the top level. */
  readonly env?: string | undefined;
  /** The file that holds the configuration; default gateway.config.ts. */
  readonly file?: string | undefined;
}

export interface Findings {
  /** A line each: file, line and path, what was found, and the fix. The gateway cannot start with one. */
  readonly problems: readonly string[];
  /** Lines of the same form for secrets that were not found: only the caller knows whether they can be seen. */
  readonly missingSecrets: readonly string[];
  readonly settings: unknown; // as plain JSON; undefined where the file cannot be loaded
  readonly services: readonly string[]; // full names in the catalog
  readonly inputs: readonly string[]; // the files that were read; none where they cannot be bundled
}

export const CONFIG_FILE = "gateway.config.ts";
const LONGEST_CHECK_MS = 60_000;

/** Bundles the configuration with all that it imports and evaluates it in a process of its own, so that each check sees the files as they are. */
export async function checkConfiguration({ secrets, env, file = CONFIG_FILE }: CheckOptions): Promise<Findings> {
  const failed = (problems: readonly string[], inputs: readonly string[] = []): Findings => ({
    problems,
    missingSecrets: [],
    settings: undefined,
    services: [],
    inputs,
  });
  if (!existsSync(file))
    return failed([`${file}: found no such file; create it (README has the smallest one), or name another with --config`]);
  const folder = mkdtempSync(join(tmpdir(), "tidegate-check-"));
  try {
    const config = readWorkerConfig("wrangler.toml", env);
    const { text, inputs } = await bundle({ entry: "cli/project/verify.ts", runtime: "node", gatewayConfig: file });
    const request: VerifyRequest = {
      bindings: bindingsOf(config, secrets, env),
      validates: config.main?.endsWith("validating.ts") === true,
    };
    const result = await evaluate(folder, text, request);
    if (typeof result === "string") return failed([`${file}: ${result}`], inputs);
    const line = (problem: FoundProblem): string => `${locate(problem.path, file, inputs)} ${describe(problem)}`;
    return {
      problems: result.problems.filter(({ missingSecret }) => missingSecret === undefined).map(line),
      missingSecrets: result.problems.filter(({ missingSecret }) => missingSecret !== undefined).map(line),
      settings: result.settings,
      services: result.services,
      inputs,
    };
  } catch (error) {
    if (error instanceof BundleError) return failed(error.problems);
    return failed([`wrangler.toml: ${error instanceof Error ? error.message : String(error)}`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the result, or why there is none, with the line where the configuration failed */
function evaluate(folder: string, text: string, request: VerifyRequest): Promise<VerifyResult | string> {
  const [program, input, output] = [join(folder, "check.mjs"), join(folder, "request.json"), join(folder, "result.json")];
  writeFileSync(program, text);
  writeFileSync(input, JSON.stringify(request));
  return new Promise((resolve) => {
    const options = { timeout: LONGEST_CHECK_MS, env: { ...process.env, NODE_OPTIONS: "" } };
    execFile(process.execPath, ["--enable-source-maps", program, input, output], options, (error, _stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(readFileSync(output, "utf8")) as VerifyResult);
      if (error.killed === true)
        return resolve(`loading it takes longer than ${LONGEST_CHECK_MS / 1_000} s; look for a loop that does not end`);
      return resolve(reasonOf(stderr.replaceAll(`${folder}/`, "")));
    });
  });
}

/** An error's message and the first of the project's own lines in its stack. */
function reasonOf(stderr: string): string {
  const message = /^(?:Uncaught )?(\w*Error.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split("\n")[0] ?? "no output";
  const frames = [...stderr.matchAll(/\(?((?:file:\/\/)?[^\s()]+):(\d+):(\d+)\)?$/gm)];
  const frame = frames.find(([, file]) => !/node:|node_modules|check\.mjs/.test(file!));
  const place = frame === undefined ? "" : ` (${frame[1]!.replace("file://", "")}:${frame[2]}:${frame[3]})`;
  return `found ${message} while it was loaded${place}; correct it`;
}

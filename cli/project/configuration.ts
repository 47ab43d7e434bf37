// Checks gateway.config.ts against the protos and wrangler.toml before anything starts, so that a mistake is reported once, with its fix.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_VIEWER_VARIABLE } from "../../core/auth/local-viewer.ts";
import { describe } from "../../core/config/problems.ts";
import { LOCAL_VARIABLE } from "../../core/registry/endpoint-host.ts";
import { type Finding, findingOf } from "../check/finding.ts";
import type { ConfigurationProblem, VerifyRequest, VerifyResult } from "../check/verify-configuration.ts";
import { bindingsOf, type CheckedBinding, readWorkerConfig } from "./bindings.ts";
import { BundleError, bundle } from "./bundle.ts";
import { ownFile } from "./installation.ts";
import { locate } from "./locate.ts";
import { hostsOf } from "./own-zone.ts";

export interface CheckOptions {
  /** "local": the secrets of `.dev.vars`; "deployed": those of an account, which cannot be read from here. */
  readonly secrets: "local" | "deployed";
  /** The environment of wrangler.toml; undefined for the top level. */
  readonly env?: string | undefined;
  /** The file that holds the configuration; default gateway.config.ts. */
  readonly file?: string | undefined;
  /** Loads and judges the file; default: in another process. */
  readonly load?: LoadConfiguration | undefined;
}

/** @throws BundleError where the file or one of its imports cannot be read */
export type LoadConfiguration = (file: string, request: VerifyRequest) => Promise<LoadedConfiguration>;

export interface LoadedConfiguration {
  readonly result: VerifyResult | string; // a text: why there is no result
  readonly inputs: readonly string[]; // the files that were read
}

export interface ConfigurationCheck {
  /** One line each: file, line and path, value and fix. The gateway cannot start with one. */
  readonly problems: readonly string[];
  /** Lines of the same form for secrets that were not found; whether that is a problem depends on the caller. */
  readonly missingSecrets: readonly string[];
  /** The same for URLs that a gateway can call only where it runs locally: a deployed one does not start with them. */
  readonly localOnly: readonly string[];
  /** What the gateway starts with, although it does not do what its author expects. */
  readonly suspicions: readonly Finding[];
  readonly settings: unknown; // plain JSON; undefined where the file cannot be loaded
  readonly services: readonly string[]; // full names in the catalog
  readonly inputs: readonly string[]; // the files that were read; none where they cannot be bundled
}

export const CONFIG_FILE = "gateway.config.ts";
/** The team's own layers, where a project has some: the entry of its gateway gives them to `serve`. */
const LAYERS_FILE = "gateway.layers.ts";
/** The services that the gateway knows by their protos. */
const CATALOG_FILE = "workers/services/catalog.ts";
const CHECK_TIMEOUT_MS = 60_000;
const LOCAL_VARIABLES = [LOCAL_VARIABLE, LOCAL_VIEWER_VARIABLE];

/** Checks the configuration against the protos and wrangler.toml, as they are now. */
export async function checkConfiguration({
  secrets,
  env,
  file = CONFIG_FILE,
  load = inOwnProcess,
}: CheckOptions): Promise<ConfigurationCheck> {
  const failed = (problems: readonly string[], inputs: readonly string[] = []): ConfigurationCheck => ({
    problems,
    missingSecrets: [],
    localOnly: [],
    suspicions: [],
    settings: undefined,
    services: [],
    inputs,
  });
  if (!existsSync(file))
    return failed([`${file}: found no such file; create it (README has the smallest one), or name another with --config`]);
  try {
    const config = readWorkerConfig("wrangler.toml", env);
    const request: VerifyRequest = {
      bindings: withoutLocal(bindingsOf(config, secrets, env)),
      validates: validates(config.main),
      hosts: hostsOf(config),
    };
    const { result, inputs } = await load(file, request);
    if (typeof result === "string") return failed([`${file}: ${result}`], inputs);
    const line = (problem: ConfigurationProblem): string => `${locate(problem.path, file, inputs)} ${describe(problem)}`;
    return {
      problems: [
        ...result.problems.filter(({ missingSecret, isLocalOnly }) => missingSecret === undefined && isLocalOnly !== true).map(line),
        ...readableSecrets(result.settings, config.vars),
        ...LOCAL_VARIABLES.filter((name) => name in config.vars).map(deployedLocal),
      ],
      localOnly: result.problems.filter(({ isLocalOnly }) => isLocalOnly === true).map(line),
      missingSecrets: result.problems.filter(({ missingSecret }) => missingSecret !== undefined).map(line),
      suspicions: result.suspicions.map(({ severity, ...one }) => findingOf(line(one), severity)),
      settings: result.settings,
      services: result.services,
      inputs,
    };
  } catch (error) {
    if (error instanceof BundleError) return failed(error.problems);
    return failed([`wrangler.toml: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** Bundles the configuration with its imports and evaluates it in another process, so that each check reads the current files. */
async function inOwnProcess(file: string, request: VerifyRequest): Promise<LoadedConfiguration> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-check-"));
  try {
    const { text, inputs } = await bundle({ entry: "check.ts", text: programOf(request), runtime: "node", gatewayConfig: file });
    return { result: await evaluate(folder, text, request), inputs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The program that checks the configuration: it has what the entry of the gateway has, since a project may lack the other packages. */
function programOf({ validates }: VerifyRequest): string {
  const hasLayers = existsSync(LAYERS_FILE);
  const parts = [...(validates ? ["validator: protovalidate()", "compiler: celExpressions()"] : []), ...(hasLayers ? ["layers"] : [])];
  const from = (source: string): string => JSON.stringify(ownFile(source));
  return [
    `import input from "./${CONFIG_FILE}";`,
    `import { catalog } from "./${CATALOG_FILE}";`,
    `import { verify } from ${from("cli/project/verify.ts")};`,
    ...(validates ? [`import { celExpressions, protovalidate } from ${from("workers/validating.ts")};`] : []),
    ...(hasLayers ? [`import layers from "./${LAYERS_FILE}";`] : []),
    `verify(input, catalog, { ${parts.join(", ")} });`,
  ].join("\n");
}

/** Whether the entry point of the gateway includes validation and expressions. @param main its path; undefined where there is none */
function validates(main: string | undefined): boolean {
  if (main === undefined || !existsSync(main)) return false;
  return main.endsWith("validating.ts") || /\bfrom\s*["']tidegate\/validating["']/.test(readFileSync(main, "utf8"));
}

/** The configuration is judged as a deployed gateway judges it; `localOnly` has what is different here. */
function withoutLocal(bindings: Record<string, CheckedBinding>): Record<string, CheckedBinding> {
  return Object.fromEntries(Object.entries(bindings).filter(([name]) => !LOCAL_VARIABLES.includes(name)));
}

function deployedLocal(name: string): string {
  return `wrangler.toml vars.${name}: found it among the variables that are deployed; delete it there: npm start sets it, and .dev.vars may hold it for wrangler dev`;
}

/**
 * Secrets that stand in `[vars]`: everybody reads them who may see the repository, or the settings of the Worker.
 *
 * @see developers.cloudflare.com/workers/configuration/secrets
 */
function readableSecrets(settings: unknown, vars: Readonly<Record<string, unknown>>): string[] {
  const names = secretsNamedIn(settings);
  const fix = (name: string): string => `delete it there, and set it as a secret: wrangler secret put ${name}, or .dev.vars here`;
  return [...new Set(names)].filter((name) => name in vars).map((name) => `wrangler.toml vars.${name}: found a secret; ${fix(name)}`);
}

/** Settings that name secrets, wherever they are. */
const SECRET_SETTINGS = new Set(["tokenBinding", "secretBinding", "tagSecrets", "keyBindings"]);

/** The names of all secrets in a configuration. */
function secretsNamedIn(settings: unknown): string[] {
  if (typeof settings === "string") return [...settings.matchAll(/\{secret\.(UPSTREAM_\w+)\}/g)].map(([, name]) => name!); // in values of headers
  if (typeof settings !== "object" || settings === null) return [];
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) =>
    SECRET_SETTINGS.has(name) ? [value].flat().filter((item) => typeof item === "string") : secretsNamedIn(value),
  );
}

/** @returns the result, or why there is none, with the line where the configuration failed */
function evaluate(folder: string, text: string, request: VerifyRequest): Promise<VerifyResult | string> {
  const [program, input, output] = [join(folder, "check.mjs"), join(folder, "request.json"), join(folder, "result.json")];
  writeFileSync(program, text);
  writeFileSync(input, JSON.stringify(request));
  return new Promise((resolve) => {
    const options = { timeout: CHECK_TIMEOUT_MS, env: { ...process.env, NODE_OPTIONS: "" } };
    execFile(process.execPath, ["--enable-source-maps", program, input, output], options, (error, _stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(readFileSync(output, "utf8")) as VerifyResult);
      if (error.killed === true)
        return resolve(`loading it takes longer than ${CHECK_TIMEOUT_MS / 1_000} s; look for a loop that does not end`);
      return resolve(reasonOf(stderr.replaceAll(`${folder}/`, "")));
    });
  });
}

/** @returns the message of an error, with the first line of its stack that is in the project */
function reasonOf(stderr: string): string {
  const message = /^(?:Uncaught )?(\w*Error.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split("\n")[0] ?? "no output";
  const frames = [...stderr.matchAll(/\(?((?:file:\/\/)?[^\s()]+):(\d+):(\d+)\)?$/gm)];
  const frame = frames.find(([, file]) => !/node:|node_modules|check\.mjs/.test(file!));
  const position = frame === undefined ? "" : ` (${frame[1]!.replace("file://", "")}:${frame[2]}:${frame[3]})`;
  return `found ${message} while it was loaded${position}; correct it`;
}

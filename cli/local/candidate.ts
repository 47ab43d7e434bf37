// Builds one Worker for the local runtime: its bundle and bindings, or its problems.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, resolve } from "node:path";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { LOCAL_VIEWER_VARIABLE } from "../../core/auth/local-viewer.ts";
import { LOCAL_VARIABLE } from "../../core/registry/endpoint-host.ts";
import { bindingsOf, readWorkerConfig } from "../project/bindings.ts";
import { type Bundle, BundleError, type BundleOptions, bundle } from "../project/bundle.ts";
import { type NetworkBindings, networkSeam, writeNetworkMain } from "../project/network.ts";
import { classProblems } from "../project/worker-problems.ts";
import { GATEWAY_FILE, type ProjectWorker } from "../project/workers.ts";

/** Options of a Worker for miniflare, created by wrangler. */
export type RuntimeOptions = Readonly<Record<string, unknown>> & { readonly name: string };

export interface WorkerCandidate {
  readonly name: string;
  readonly file: string; // its wrangler.toml
  readonly digest: string; // hash of code, options and assets: equal digests mean equal Workers
  readonly options: RuntimeOptions;
  readonly text: string; // its bundle
  readonly inputs: Readonly<Record<string, string>>; // source files, with digests of their content
  readonly facts: unknown; // settings of its wrangler.toml, plain JSON
  readonly secrets: Readonly<Record<string, string>>; // digests of the values of .dev.vars
}

export type Built =
  | { readonly kind: "built"; readonly candidate: WorkerCandidate }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

export interface BuildSettings {
  readonly gatewayConfig: string;
  readonly env: string | undefined;
  readonly network: NetworkBindings | undefined; // undefined: calls of bindings take the time that they take
  readonly isOpenToViewers: boolean; // the gateway listens at a loopback address alone
}

/** Bundles a Worker and reads its bindings. */
export async function build(worker: ProjectWorker, { gatewayConfig, env, network, isOpenToViewers }: BuildSettings): Promise<Built> {
  const { file, name, config } = worker;
  try {
    if (config.build.command !== undefined) custom(config.build.command, config.build.cwd ?? worker.folder);
    const { main, alias, define, tsconfig } = config;
    const settings = { entry: main!, runtime: "workerd", gatewayConfig, alias, define, tsconfig } as const;
    const own = await bundle(settings);
    const problems = classProblems(worker, own.exports);
    if (problems.length > 0) return { kind: "failed", problems };
    const { text, modules, inputs } = network === undefined ? own : await bundleBehindNetwork(name, settings, own.exports);
    const { workerOptions } = unstable_getMiniflareWorkerOptions(readWorkerConfig(file, env) as never, env);
    const { modulesRules: _, ...bound } = workerOptions as unknown as Record<string, unknown>;
    const ofGateway = { [LOCAL_VARIABLE]: "true", ...(isOpenToViewers && { [LOCAL_VIEWER_VARIABLE]: "true" }) };
    const variables = { ...network, ...(file === GATEWAY_FILE && ofGateway) };
    const assets = (bound["assets"] as { readonly directory?: string } | undefined)?.directory;
    const options: RuntimeOptions = {
      ...bound,
      bindings: { ...(bound["bindings"] as object | undefined), ...variables },
      name,
      modules: [{ type: "ESModule", path: `${name}.js`, contents: text }, ...modules],
    };
    const digest = digestOf(JSON.stringify(options), assets === undefined ? "" : listOf(assets));
    const { configPath: _path, ...facts } = config;
    const held = Object.fromEntries(inputs.map((input) => [input, existsSync(input) ? digestOf(readFileSync(input, "utf8")) : ""]));
    const candidate = { name, file, digest, options, text, inputs: held, facts, secrets: secretsOf(worker, env) };
    return { kind: "built", candidate };
  } catch (error) {
    if (error instanceof BundleError) return { kind: "failed", problems: error.problems };
    return { kind: "failed", problems: [`${file}: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** Bundles a Worker once more, with a main module that wraps its own one. */
async function bundleBehindNetwork(name: string, settings: BundleOptions, exports: readonly string[]): Promise<Bundle> {
  const entry = writeNetworkMain(name, settings.entry, exports);
  const made = await bundle({ ...settings, entry, plugins: [networkSeam()] });
  return { ...made, inputs: made.inputs.filter((input) => input !== entry) };
}

/** The `[build]` command of a wrangler.toml. @throws Error with what it printed */
function custom(command: string, cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, { cwd, shell: true, encoding: "utf8" });
  if (status !== 0) throw new Error(`build.command: found exit status ${status} of "${command}"; correct it:\n${stdout}${stderr}`);
}

function secretsOf({ config }: ProjectWorker, env: string | undefined): Record<string, string> {
  const declared = bindingsOf(config, "deployed", env);
  const entries = Object.entries(bindingsOf(config, "local", env)).filter(([, { kind }]) => kind === "value");
  return Object.fromEntries(
    entries
      .filter(([name, binding]) => JSON.stringify(declared[name]) !== JSON.stringify(binding))
      .map(([name, binding]) => [name, digestOf(JSON.stringify(binding))]),
  );
}

function digestOf(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

/** @returns the files of a folder with their modification times, as text */
function listOf(folder: string): string {
  if (!existsSync(folder)) return "";
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => `${name} ${statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs}`).join("\n");
}

/** @returns the position in the source files for a position in a bundle, `file:line:column` */
export function originOf(text: string, line: number, column: number): string | undefined {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  const entry = map.findEntry(line - 1, column - 1);
  if (!("originalSource" in entry)) return undefined;
  const file = resolve(entry.originalSource).replace(`${process.cwd()}/`, "");
  return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

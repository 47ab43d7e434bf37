// Loads the Workers that should run: from the current files, or, where the files of a Worker have a problem, its last good version.
import { dirname, join } from "node:path";
import { changesOf } from "../project/changes.ts";
import { CONFIG_FILE, type ConfigurationCheck, checkConfiguration } from "../project/configuration.ts";
import { healthBindingProblems } from "../project/health-bindings.ts";
import type { NetworkBindings } from "../project/network.ts";
import { unboundProblems } from "../project/worker-problems.ts";
import { allWorkers, findWorkers, GATEWAY_FILE, type ProjectWorkers, SERVICES_FOLDER, workerFiles } from "../project/workers.ts";
import { build, type WorkerCandidate } from "./candidate.ts";
import type { Watched } from "./watch.ts";

export interface LoadOptions {
  readonly file: string; // path of the gateway's configuration
  readonly env: string | undefined;
  readonly network: NetworkBindings | undefined;
  readonly isOpenToViewers: boolean; // the gateway listens at a loopback address alone
}

/** A set of Workers, the gateway first, with the problems of the files. */
export interface LoadedWorkers {
  readonly candidates: readonly WorkerCandidate[];
  readonly settings: unknown; // export of the gateway's configuration
  readonly problems: readonly string[];
  readonly notes: readonly string[]; // bindings to Workers that do not run, or that health checks lack
  readonly watched: Watched;
}

/**
 * @param running the Workers that run now: they replace those with a problem
 * @param refused reasons why Workers could not be loaded, by digest
 */
export async function load(
  options: LoadOptions,
  running: LoadedWorkers | undefined,
  refused: ReadonlyMap<string, string>,
): Promise<LoadedWorkers> {
  const { file, env, network, isOpenToViewers } = options;
  const findings = await checkConfiguration({ secrets: "local", env, file });
  const workers = findWorkers(env);
  const isGatewayRight = findings.problems.length === 0 && findings.missingSecrets.length === 0;
  const problems = new Set([...findings.problems, ...findings.missingSecrets, ...workers.problems]);
  const last = new Map((running?.candidates ?? []).map((candidate) => [candidate.file, candidate]));
  const next = new Map<string, WorkerCandidate>();
  const all = allWorkers(workers).filter((worker) => worker !== workers.gateway || isGatewayRight);
  const built = await Promise.all(
    all.map(async (worker) => ({ worker, result: await build(worker, { gatewayConfig: file, env, network, isOpenToViewers }) })),
  );
  for (const { worker, result } of built) {
    const reason = result.kind === "built" ? refused.get(result.candidate.digest) : undefined;
    for (const problem of result.kind === "failed" ? result.problems : reason === undefined ? [] : [reason]) problems.add(problem);
    if (result.kind === "built" && reason === undefined) next.set(worker.file, result.candidate);
  }
  for (const present of workerFiles()) {
    const good = last.get(present);
    if (!next.has(present) && good !== undefined) next.set(present, good);
  }
  removeWithoutObjects(next, workers);
  const gateway = next.get(GATEWAY_FILE);
  const isOld = gateway !== undefined && gateway === last.get(GATEWAY_FILE);
  const candidates = [...(gateway === undefined ? [] : [gateway]), ...[...next.values()].filter((one) => one !== gateway)];
  return {
    candidates,
    settings: isOld ? running?.settings : findings.settings,
    problems: [...problems],
    notes: [
      ...unboundProblems(workers).map((note) => `${note}\n      calls to it get "unavailable" until it runs`),
      ...healthBindingProblems(findings.settings, workers.objects, env).map((note) => `${note}\n      it counts as healthy`),
    ],
    watched: watchedOf(options, workers, findings, candidates, [...problems], running),
  };
}

/** A Worker that is bound to a Durable Object class of another Worker cannot run without that one. */
function removeWithoutObjects(next: Map<string, WorkerCandidate>, workers: ProjectWorkers): void {
  const all = allWorkers(workers);
  const running = new Set([...next.values()].map(({ name }) => name));
  const ofProject = new Set(all.map(({ name }) => name));
  const isMissing = (script: string): boolean => !running.has(script) && (ofProject.has(script) || workers.objects === undefined);
  for (const { file, config } of all)
    if (config.durable_objects.bindings.some(({ script_name }) => script_name !== undefined && isMissing(script_name))) next.delete(file);
}

function watchedOf(
  { file, env }: LoadOptions,
  workers: ProjectWorkers,
  { inputs }: ConfigurationCheck,
  candidates: readonly WorkerCandidate[],
  problems: readonly string[],
  running: LoadedWorkers | undefined,
): Watched {
  const folders = new Set([".", ...allWorkers(workers).map(({ folder }) => folder)]);
  const variables = [...folders].flatMap((folder) =>
    [".dev.vars", ".env", ".env.local", ...(env === undefined ? [] : [`.dev.vars.${env}`, `.env.${env}`, `.env.${env}.local`])].map(
      (name) => join(folder, name),
    ),
  );
  const named = problems.flatMap(filesNamedIn);
  const made = candidates.flatMap((candidate) => Object.keys(candidate.inputs));
  // Where files cannot be bundled, their imports are not known: the former ones are watched, too.
  const before = problems.length > 0 ? (running?.watched.files ?? []) : [];
  const files = new Set([file, CONFIG_FILE, ...workerFiles(), ...variables, ...named, ...inputs, ...made, ...before]);
  const assets = candidates.flatMap(({ options }) => (options["assets"] as { directory?: string } | undefined)?.directory ?? []);
  return { files: [...files], folders: [SERVICES_FOLDER, ...assets] };
}

/** The file with a problem, and the file that it imports and that is missing: a generator may be about to write it. */
export function filesNamedIn(problem: string): string[] {
  const [, file, missing] = /^(\S+?):\d+:\d+ (?:Could not resolve "(\.[^"]+)")?/.exec(problem) ?? [];
  if (file === undefined) return [];
  return missing === undefined ? [file] : [file, join(dirname(file), missing)];
}

/** @returns the changes between two sets of Workers, one phrase for each setting, variable or file */
export function changesBetween(before: LoadedWorkers, after: LoadedWorkers, { file }: LoadOptions): string[] {
  const settings = changesOf(before.settings, after.settings);
  const old = new Map(before.candidates.map((candidate) => [candidate.file, candidate]));
  const phrases = new Set(settings);
  for (const candidate of after.candidates) {
    const other = old.get(candidate.file);
    old.delete(candidate.file);
    if (other === undefined) {
      phrases.add(`${candidate.name} added`);
      continue;
    }
    if (other.digest === candidate.digest) continue;
    for (const phrase of changesOf(other.facts, candidate.facts)) phrases.add(`${candidate.file} ${phrase}`);
    for (const name of changesOf(other.secrets, candidate.secrets).map((phrase) => /^[\w$]+/.exec(phrase)?.[0] ?? "")) {
      phrases.add(`${join(candidate.file, "..", ".dev.vars")} ${name} changed`);
    }
    for (const input of new Set([...Object.keys(other.inputs), ...Object.keys(candidate.inputs)])) {
      const isConfiguration = input === file || !/^(cli|core|workers|durable-objects|protos)\//.test(input);
      if (other.inputs[input] !== candidate.inputs[input] && !(isConfiguration && settings.length > 0)) phrases.add(`${input} changed`);
    }
  }
  for (const { name } of old.values()) phrases.add(`${name} removed`);
  return [...phrases];
}

// The Workers of the project: the gateway, its Durable Objects, and every folder of workers/services with a wrangler.toml.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { readWorkerConfig, type WorkerConfig } from "./bindings.ts";

export interface ProjectWorker {
  readonly file: string; // path of its wrangler.toml in the project
  readonly folder: string;
  readonly name: string;
  readonly config: WorkerConfig;
}

export interface ProjectWorkers {
  readonly gateway: ProjectWorker | undefined; // undefined where its file cannot be read
  readonly objects: ProjectWorker | undefined; // the Worker of the gateway's Durable Objects; undefined where its file cannot be read
  readonly services: readonly ProjectWorker[]; // a service comes after those that it is bound to
  readonly problems: readonly string[]; // files that cannot be read, or lack a required setting
}

export const GATEWAY_FILE = "wrangler.toml";
export const OBJECTS_FILE = "durable-objects/wrangler.toml";
export const SERVICES_FOLDER = "workers/services";
const FILE_NAMES = ["wrangler.toml", "wrangler.json", "wrangler.jsonc"];

/** @returns the wrangler.toml (or .json, .jsonc) of each service */
export function serviceFiles(): string[] {
  if (!existsSync(SERVICES_FOLDER)) return [];
  return readdirSync(SERVICES_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => FILE_NAMES.map((file) => join(SERVICES_FOLDER, name, file)).find((file) => existsSync(file)) ?? [])
    .sort();
}

/** @returns the wrangler.toml of each Worker of the project, the gateway's first */
export function workerFiles(): string[] {
  return [GATEWAY_FILE, OBJECTS_FILE, ...serviceFiles()];
}

/** @param env the environment whose sections are read; undefined for the top level */
export function findWorkers(env?: string): ProjectWorkers {
  const problems: string[] = [];
  const read = (file: string): ProjectWorker | undefined => {
    try {
      const config = readWorkerConfig(file, env);
      if (config.name === undefined) problems.push(`${file}: found no name; write name = "..." at the top`);
      else if (config.main === undefined) problems.push(`${file}: found no main; write main = "index.ts"`);
      else if (config.compatibility_date === undefined)
        problems.push(`${file}: found no compatibility_date; write the one of the gateway's ${GATEWAY_FILE}`);
      else if (!existsSync(config.main))
        problems.push(`${file}: found main = "${relative(dirname(file), config.main)}", which is no file; create it, or correct main`);
      else return { file, folder: dirname(file), name: config.name, config };
    } catch (error) {
      problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
    return undefined;
  };
  const gateway = read(GATEWAY_FILE);
  const objects = read(OBJECTS_FILE);
  const services = serviceFiles().flatMap((file) => read(file) ?? []);
  return { gateway, objects, services: inOrder(services), problems };
}

/** In the order of a deploy: a Worker after those that it is bound to, the Durable Objects as early as they can be, the gateway last. */
export function allWorkers({ gateway, objects, services }: ProjectWorkers): ProjectWorker[] {
  return inOrder([objects, ...services, gateway].filter((worker) => worker !== undefined));
}

/** Names of the Workers that a Worker calls, by service bindings and by Durable Objects of other scripts. */
export function boundTo({ config, name }: ProjectWorker): string[] {
  const objects = config.durable_objects.bindings.flatMap(({ script_name }) => script_name ?? []);
  return [...(config.services ?? []).map(({ service }) => service), ...objects].filter((other) => other !== name);
}

/** Dependencies first: a binding to a missing Worker cannot be deployed. Workers of a cycle stay in the order of their names. */
function inOrder(workers: readonly ProjectWorker[]): ProjectWorker[] {
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  const ordered = new Set<ProjectWorker>();
  const visit = (worker: ProjectWorker, trail: readonly ProjectWorker[]): void => {
    if (trail.includes(worker) || ordered.has(worker)) return;
    for (const name of boundTo(worker)) {
      const other = byName.get(name);
      if (other !== undefined) visit(other, [...trail, worker]);
    }
    ordered.add(worker);
  };
  for (const worker of workers) visit(worker, []);
  return [...ordered];
}

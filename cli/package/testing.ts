// The export `tidegate/testing`: tests of a project inside workerd, each Worker with the others that it is bound to.
import { globSync } from "node:fs";
import { relative } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import type { TestProjectConfiguration } from "vitest/config";
import { LOCAL_VARIABLE } from "../../core/registry/endpoint-host.ts";
import { build, type RuntimeOptions } from "../local/candidate.ts";
import { CONFIG_FILE } from "../project/configuration.ts";
import { boundTo, findWorkers, type ProjectWorker } from "../project/workers.ts";

/** The first call of a file loads the Worker: that takes seconds on a busy machine. */
const TIMEOUT_MS = 60_000;

export interface WorkerTestOptions {
  /** Tests that run inside the gateway's Worker. `test/**\/*.test.ts` by default. */
  readonly gateway?: readonly string[];
  /** The environment of each wrangler.toml; the top level by default. */
  readonly env?: string;
}

/**
 * The test projects of vitest for the Workers of the current folder: the tests in the folder of a service run inside that service, those of
 * `test/` inside the gateway. `exports.default.fetch` of `cloudflare:workers` calls the Worker under test. Data lives in memory, for a file.
 *
 * ```ts
 * // vitest.config.ts
 * import { workerTests } from "tidegate/testing";
 * import { defineConfig } from "vitest/config";
 *
 * export default defineConfig({ test: { projects: await workerTests() } });
 * ```
 *
 * @throws Error with each problem of a Worker that cannot be built
 */
export async function workerTests({
  gateway: inGateway = ["test/**/*.test.ts"],
  env,
}: WorkerTestOptions = {}): Promise<TestProjectConfiguration[]> {
  const { gateway, objects, services, problems } = findWorkers(env);
  const workers = [gateway, objects, ...services].filter((worker) => worker !== undefined);
  const built = await Promise.all(
    workers.map((worker) => build(worker, { gatewayConfig: CONFIG_FILE, env, network: undefined, isOpenToViewers: false })),
  );
  const failed = [...problems, ...built.flatMap((one) => (one.kind === "failed" ? one.problems : []))];
  if (failed.length > 0) throw new Error(["the tests cannot run:", ...new Set(failed)].join("\n  "));
  const options = new Map(built.flatMap((one) => (one.kind === "built" ? [[one.candidate.name, one.candidate.options] as const] : [])));
  const inside = (worker: ProjectWorker, include: readonly string[]): TestProjectConfiguration[] => {
    const others = neededBy(worker, workers).map(({ name }) => withoutAssets(options.get(name)!));
    return globSync([...include]).length === 0 ? [] : [projectIn(worker, options.get(worker.name)!, others, include)];
  };
  return [
    ...(gateway === undefined ? [] : inside(gateway, inGateway)),
    ...services.flatMap((service) => inside(service, [`${service.folder}/**/*.test.ts`])),
  ];
}

/** The Workers that a Worker is bound to, with those that they are bound to. */
function neededBy(worker: ProjectWorker, workers: readonly ProjectWorker[]): ProjectWorker[] {
  const needed = new Set<ProjectWorker>([worker]);
  for (const one of needed) for (const name of boundTo(one)) for (const other of workers) if (other.name === name) needed.add(other);
  return [...needed].filter((one) => one !== worker);
}

function projectIn(
  { name, config }: ProjectWorker,
  options: RuntimeOptions,
  workers: readonly RuntimeOptions[],
  include: readonly string[],
): TestProjectConfiguration {
  // Vitest loads the modules of the tested Worker itself, and calls it by a name of its own.
  const { modules: _modules, name: _name, ...own } = withoutAssets(options);
  const bindings = { ...(own["bindings"] as object | undefined), [LOCAL_VARIABLE]: "true" };
  const miniflare = { ...own, bindings, workers };
  const main = `./${relative(process.cwd(), config.main!).replaceAll("\\", "/")}`;
  return {
    plugins: [cloudflareTest({ main, remoteBindings: false, miniflare: miniflare as never })],
    test: { name, include: [...include], testTimeout: TIMEOUT_MS },
  };
}

function withoutAssets({ assets: _, ...options }: RuntimeOptions): RuntimeOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as RuntimeOptions;
}

import { TestProjectConfiguration } from "vitest/config";
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
export declare function workerTests({ gateway: inGateway, env }?: WorkerTestOptions): Promise<TestProjectConfiguration[]>;
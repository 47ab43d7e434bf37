// Services that anybody can call past the gateway: at a public address, and without a proof of who calls.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import type { WorkerConfig } from "../project/bindings.ts";
import { BundleError, bundle } from "../project/bundle.ts";
import { CONFIG_FILE } from "../project/configuration.ts";
import type { ProjectWorker } from "../project/workers.ts";

/** Whether a Worker has an address of its own. Wrangler gives it one at workers.dev unless that is turned off, or it has a route. */
export function isPublic({ workers_dev, routes = [], route }: Pick<WorkerConfig, "workers_dev" | "routes" | "route">): boolean {
  const hasRoute = routes.length > 0 || route !== undefined;
  return hasRoute || workers_dev === true || (workers_dev === undefined && !hasRoute);
}

/**
 * @param settings the configuration of the gateway, plain JSON; without `auth` it proves no callers, and no service has to verify any
 * @returns a line for each public service that serves calls without a proof
 */
export async function publicServiceProblems(services: readonly ProjectWorker[], settings: unknown): Promise<string[]> {
  if ((settings as { readonly auth?: unknown } | undefined)?.auth === undefined) return [];
  const open = await Promise.all(
    services.filter(({ config }) => isPublic(config)).map(async (one) => ((await verifies(one)) ? [] : [one])),
  );
  return open.flat().map(({ file, name }) => {
    const fix = "write workers_dev = false and no route, or prove its callers: defineService(..., { identity: { keys } })";
    return `${file}: found "${name}", which has a public address and serves calls past the gateway; ${fix} (docs/authentication.md)`;
  });
}

/** Whether the Worker says that it serves proven callers only. It is evaluated in Node: nothing of it runs but its top level. */
async function verifies({ config: { main, alias, define, tsconfig } }: ProjectWorker): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-public-"));
  try {
    const options = { entry: main!, runtime: "workerd", gatewayConfig: CONFIG_FILE, alias, define, tsconfig, plugins: [platform] } as const;
    const file = join(folder, "worker.mjs");
    writeFileSync(file, (await bundle(options)).text);
    const { default: worker } = (await import(pathToFileURL(file).href)) as { default?: { readonly verifiesIdentity?: unknown } };
    return worker?.verifiesIdentity === true;
  } catch (error) {
    if (error instanceof BundleError) return true; // it is reported where Workers are bundled
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What services import from the platform, as far as their top level needs it. */
const BASE_CLASSES = ["DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint", "RpcTarget"];
const VALUES = ["env", "exports", "tracing"];
const FUNCTIONS = ["waitUntil", "abortIsolate", "withEnv"];
const PLATFORM = [
  ...BASE_CLASSES.map((name) => `export const ${name} = class {};`),
  ...VALUES.map((name) => `export const ${name} = {};`),
  ...FUNCTIONS.map((name) => `export const ${name} = () => undefined;`),
].join("\n");
const platform: Plugin = {
  name: "platform",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^cloudflare:workers$/ }, () => ({ path: "workers", namespace: "platform" }));
    onLoad({ filter: /.*/, namespace: "platform" }, () => ({ contents: PLATFORM, loader: "js" }));
  },
};

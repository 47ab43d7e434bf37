// What is in the package `tidegate`: its exports, and the programs that its command starts.

/** Source file of each export, by its name in package.json: "." is `tidegate`. */
export const EXPORTS: Readonly<Record<string, string>> = {
  ".": "workers/tidegate.ts",
  "./gateway": "workers/gateway/entry.ts",
  "./layer": "workers/gateway/layer.ts",
  "./validating": "workers/validating.ts",
  "./objects": "durable-objects/index.ts",
  "./service": "workers/service.ts",
  "./client": "workers/client/transport.ts",
  "./idempotency": "workers/idempotency.ts",
  "./work": "workers/work.ts",
  "./queue": "workers/queue.ts",
  "./testing": "cli/package/testing.ts",
};

/** The exports that run in Workers: built into few files. `./testing` runs in Node, beside the programs. */
export const LIBRARY = Object.entries(EXPORTS).filter(([, source]) => !source.startsWith("cli/"));

/** Programs, and modules that are bundled into a program of the project: nothing imports them by name. */
export const PROGRAMS: readonly string[] = [
  "cli/tidegate/main.ts",
  "cli/control/export-configuration.ts",
  "cli/package/testing.ts",
  "cli/project/verify.ts",
  "cli/explain/program.ts",
  "workers/gateway/trace/explain-configuration.ts",
  "workers/validating.ts",
  "workers/dev/network-entry.ts",
  "workers/dev/cloudflare-workers.ts",
];

/** Files that are copied as they are. */
export const COPIED: readonly string[] = ["cli/usage", "cli/launch/ancestors.mjs", "cli/launch/tidegate.mjs", "cli/local/watchdog.mjs"];

/** @returns name of the module of an export: `tidegate` for "." */
export function moduleOf(exported: string): string {
  return exported === "." ? "tidegate" : exported.slice(2);
}

// Test files in workerd share an isolate with their neighbors: to start one and load its modules takes longer than most files do.
import { join, matchesGlob, relative } from "node:path";
import type { TestProject, VitestPluginContext } from "vitest/node";

export const SHARES_ISOLATES = "tidegate-shared-isolates"; // name of the plugin

/** What each file leaves behind ends with it. */
const SETUP = join(import.meta.dirname, "setup.ts");

/** Files that one isolate runs. */
const MOST_FILES = 64;

type PoolRunner = NonNullable<TestProject["config"]["poolRunner"]>;
type PoolWorker = ReturnType<PoolRunner["createPoolWorker"]>;

/** @param alone globs of files that need an isolate of their own */
export function sharesIsolates(alone: readonly string[] = []) {
  return {
    name: SHARES_ISOLATES,
    enforce: "post" as const,
    configureVitest({ project }: VitestPluginContext): void {
      const { config } = project;
      const { poolRunner } = config;
      if (poolRunner === undefined) throw new Error(`project ${project.name} has no pool of workerd`);
      const isAlone = (file: string): boolean => alone.some((glob) => matchesGlob(relative(config.root, file), glob));
      config.isolate = false;
      config.setupFiles.push(SETUP);
      config.poolRunner = { name: poolRunner.name, createPoolWorker: (options) => shared(poolRunner.createPoolWorker(options), isAlone) };
    },
  };
}

function shared(worker: PoolWorker, isAlone: (file: string) => boolean): PoolWorker {
  const send = worker.send.bind(worker);
  let run = 0;
  let isTaken = false;
  return Object.assign(worker, {
    send(message: Parameters<PoolWorker["send"]>[0]): void {
      if (message.type === "run" || message.type === "collect") {
        run += message.context.files.length;
        isTaken ||= message.context.files.some(({ filepath }) => isAlone(filepath));
      }
      send(message);
    },
    canReuse: ({ context }: Parameters<NonNullable<PoolWorker["canReuse"]>>[0]): boolean =>
      run < MOST_FILES && !isTaken && !context.files.some(({ filepath }) => isAlone(filepath)),
  });
}

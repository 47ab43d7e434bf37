// The tests that test/settings-coverage.json names, with a parser that can ignore a setting.
import { defineConfig } from "vitest/config";
import main, { LONG, TIMEOUTS } from "../../vitest.config.ts";

/** JSON of the lines of this round. */
export const LINES = "TIDEGATE_SETTINGS_LINES";
const ENDS_MS = 60_000; // a test that waits for the effect of an ignored setting waits in vain

const READS = "const fields = object(path, value);";
const IGNORES = "const fields = (globalThis.ignoreSetting ?? ((_, all) => all))(path, object(path, value), known);";

const ignoring = {
  name: "ignored-setting",
  enforce: "pre" as const,
  transform(code: string, id: string): string | undefined {
    if (id.includes("/test/settings/setup.ts")) return code.replace("Line[] = []", () => `Line[] = ${process.env[LINES]}`);
    if (!id.includes("/core/config/problems.ts")) return undefined;
    if (code.split(READS).length !== 2) throw new Error(`core/config/problems.ts has to have this line once: ${READS}`);
    return code.replace(READS, IGNORES);
  },
};

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  plugins: [ignoring],
  test: {
    ...TIMEOUTS,
    testTimeout: ENDS_MS,
    fsModuleCache: false, // the stored setup file has the lines of another round
    setupFiles: ["test/settings/setup.ts"],
    projects: [
      ...main.test!.projects!,
      { extends: true, test: { name: "processes", environment: "node", include: LONG.processes, fileParallelism: false } },
    ],
  },
});

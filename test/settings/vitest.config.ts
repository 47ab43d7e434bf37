// The tests that test/settings-coverage.json names, with a parser that can ignore a setting.
import { defineConfig } from "vitest/config";
import main, { COMMON, LONG } from "../../vitest.config.ts";
import { SHARES_ISOLATES } from "../isolates/plugin.ts";

/** JSON of the lines of this round. */
export const LINES = "TIDEGATE_SETTINGS_LINES";
const ENDS_MS = 60_000; // a test that waits for the effect of an ignored setting waits in vain

const IGNORE = "(globalThis.ignoreSetting ?? ((_, all) => all))";
/** Where fields of a block are read, and how they are read then. */
const READERS: Readonly<Record<string, readonly [reads: string, ignores: string]>> = {
  "/core/config/problems.ts": ["const fields = object(path, value);", `const fields = ${IGNORE}(path, object(path, value), known);`],
  "/core/config/read.ts": [
    "for (const { name, schema, isPlain } of entriesOf(block)) {",
    `fields = ${IGNORE}(path, fields, Object.keys(block.entries));\nfor (const { name, schema, isPlain } of entriesOf(block)) {`,
  ],
};

const ignoring = {
  name: "ignored-setting",
  enforce: "pre" as const,
  transform(code: string, id: string): string | undefined {
    if (id.endsWith("/test/settings/setup.ts")) return code.replace("Line[] = []", () => `Line[] = ${process.env[LINES]}`);
    const reader = Object.keys(READERS).find((file) => id.endsWith(file));
    if (reader === undefined) return undefined;
    const [reads, ignores] = READERS[reader]!;
    if (code.split(reads).length !== 2) throw new Error(`${reader} has to have this line once: ${reads}`);
    return code.replace(reads, () => ignores);
  },
};

/** A project whose files share no isolate: each loads the settings anew, with its own lines ignored. */
function apart(project: object): object {
  const { plugins = [] } = project as { readonly plugins?: readonly { readonly name: string }[] };
  return { ...project, plugins: plugins.filter(({ name }) => name !== SHARES_ISOLATES) };
}

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  plugins: [ignoring],
  test: {
    ...COMMON,
    testTimeout: ENDS_MS,
    fsModuleCache: false, // the stored setup file has the lines of another round
    setupFiles: ["test/settings/setup.ts"],
    projects: [
      ...(main.test!.projects! as object[]).map(apart),
      { extends: true, test: { name: "processes", environment: "node", include: LONG.processes, fileParallelism: false } },
    ],
  },
});

// Tests that take long: models and simulations (`npm run test:model`), real processes under load (`npm run test:processes`), commands as users
// run them (`npm run test:commands`), and the console in a browser (`npm run test:console`).
import { defineConfig } from "vitest/config";
import { COMMON, inside, LONG } from "../../vitest.config.ts";

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    ...COMMON,
    projects: [
      { extends: true, test: { name: "model", environment: "node", include: LONG.model } },
      inside("model-in-workerd", "./test/support/shipped/objects/wrangler.toml", LONG.modelInWorkerd, [], []),
      { extends: true, test: { name: "commands", environment: "node", include: LONG.commands } },
      { extends: true, test: { name: "console", environment: "node", include: LONG.console } },
      // One file after the other: each has several processes under load.
      { extends: true, test: { name: "processes", environment: "node", include: LONG.processes, fileParallelism: false } },
    ],
  },
});

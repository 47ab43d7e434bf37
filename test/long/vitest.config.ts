// Tests that take long: models and simulations (`npm run test:model`), real processes under load (`npm run test:processes`).
import { defineConfig } from "vitest/config";
import { inside, LONG, TIMEOUTS } from "../../vitest.config.ts";

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    ...TIMEOUTS,
    projects: [
      { extends: true, test: { name: "model", environment: "node", include: LONG.model } },
      inside("model-in-workerd", "./test/support/shipped/objects/wrangler.toml", LONG.modelInWorkerd, [], []),
      // One file after the other: each has several processes under load.
      { extends: true, test: { name: "processes", environment: "node", include: LONG.processes, fileParallelism: false } },
    ],
  },
});

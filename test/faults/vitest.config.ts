// Faults of callers, of upstreams and of the platform: `npm run test:faults`.
import { defineConfig } from "vitest/config";
import { COMMON, inOneScript } from "../../vitest.config.ts";

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    ...COMMON,
    projects: [
      // One file after the other: each has a gateway of its own.
      { extends: true, test: { name: "sockets", environment: "node", include: ["test/faults/**/*.e2e.test.ts"], fileParallelism: false } },
      inOneScript("platform", ["test/faults/**/*.workerd.test.ts"], []),
    ],
  },
});

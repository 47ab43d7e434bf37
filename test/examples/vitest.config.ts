// `npm run test:examples`: everything that README and docs show is executed. One file at a time: each starts gateways.
import { defineConfig } from "vitest/config";
import { buildConsole } from "../../cli/console/build-console.ts";

await buildConsole(new URL("../..", import.meta.url).pathname); // copies of the project have it

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    environment: "node",
    include: ["test/examples/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
});

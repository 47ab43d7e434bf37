// Runs the transcoding cases and the tests behind them alone: npx vitest run --config test/transcoding/vitest.config.ts
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    environment: "node",
    include: ["test/transcoding/**/*.test.ts", "test/{core,workers/gateway}/transcode/**/*.test.ts", "test/core/path.test.ts"],
  },
});

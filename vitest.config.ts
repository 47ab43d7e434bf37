// Two kinds of tests: those of the pure core and the tools run in Node; all that acts or remembers runs inside workerd.
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: "node", environment: "node", include: ["test/*.test.ts", "test/core/**/*.test.ts", "test/cli/**/*.test.ts", "test/bench/**/*.test.ts"] },
      },
    ],
  },
});
void cloudflareTest;

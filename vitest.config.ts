// Two kinds of tests: those of the pure core and the tools run in Node; all that acts or remembers runs inside workerd.
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: ["test/*.test.ts", "test/{core,cli,bench,transcoding}/**/*.test.ts"],
        },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest({
            main: "./test/support/worker.ts",
            remoteBindings: false,
            miniflare: {
              compatibilityDate: "2026-10-01",
              durableObjects: { TOKEN_BUCKET: { className: "TokenBucket", useSQLite: true } },
            },
          }),
        ],
        test: { name: "gateway", include: ["test/durable-objects/**/*.test.ts", "test/workers/gateway/**/*.test.ts"] },
      },
    ],
  },
});

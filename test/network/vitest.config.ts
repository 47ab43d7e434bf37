// Tests under networks (`npm run test:network`), and on the next runtime (`npm run test:next`).
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { COMMON, inOneScript } from "../../vitest.config.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const DEV_FOLDER = join(ROOT, "workers/dev");

/** Suites of limiter, breakers, registry, purge and cache: what they test must not depend on the time that a call of an object takes. */
const SUITES = [
  "test/workers/gateway/rate-limit/{exact-buckets,leased-buckets}.test.ts",
  "test/workers/gateway/layers/rate-limit*.test.ts",
  "test/workers/gateway/admin/{breakers,purge,registry}.test.ts",
  "test/workers/gateway/background/exchange.test.ts",
  "test/workers/gateway/upstream/{breaker-*,endpoint-list,pool}.test.ts",
  "test/workers/gateway/cache/{fetch/{coalesce,fetch,single-flight},l2/{kv,l2-cache},purge/*}.test.ts",
  "test/integration/{cache-l2-failures,cache-two-levels,shared-responses,shared-rpc-responses}.test.ts",
];

/** Suites whose buckets fill while they wait for objects, or that need the platform's own stubs: for the next runtime alone. */
const SUITES_NEAR = ["test/integration/{rate-limit-refusals,upstream-health}.test.ts"];

/** As `networkSeam` does for bundles: tests and the code that they test take what the platform gives out from behind the network. */
function networkSeam(): Plugin {
  return {
    name: "network-seam",
    enforce: "pre",
    resolveId: (id, importer) =>
      id !== "cloudflare:workers" || importer?.startsWith(DEV_FOLDER) === true ? undefined : join(DEV_FOLDER, "cloudflare-workers.ts"),
  };
}

function under(network: string) {
  const project = inOneScript(network, [...SUITES, "test/network/seam.test.ts"], [], { TIDEGATE_NETWORK: network });
  return { ...project, plugins: [networkSeam(), ...project.plugins] };
}

export default defineConfig({
  root: ROOT,
  test: {
    ...COMMON,
    projects: [
      { extends: true, test: { name: "calls", environment: "node", include: ["test/network/*.e2e.test.ts"], fileParallelism: false } },
      under("local"),
      under("continent"),
      under("world"),
      inOneScript("suites", [...SUITES, ...SUITES_NEAR], []),
    ],
  },
});

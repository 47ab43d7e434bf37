// The tests that judge mutants of core/: those of the core, in Node.

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests that are not run for mutants, each with its reason. */
const EXCLUDED = [
  "test/core/breaker/model.test.ts", // explores 100,000s of states: 35 s for each mutant; object.test.ts and isolate.test.ts have each step of it
  "test/core/breaker/commands.test.ts", // walks thousands of steps at random, and counts how many probes it has met
  "test/core/breaker/shared-breaker.test.ts", // simulates 24 isolates for minutes, 24 times
  "test/core/rate-limit/oracles.test.ts", // simulates faulty pools, to test the oracles of the simulation
  "test/core/balance/algorithms/even-shares.test.ts", // 8 million picks: a minute for each mutant
  "test/integration/rate-limit-memory.node.test.ts", // measures the heap
];

/** Tests that take longest. They run last: most mutants are killed before. */
const SLOW = /limit\/(pool|hot)|balance\/(balancers|fleet|retried|tiers|place)|cache\/(purges|stores)|transcode\/(path-trie|query)/;

class FastFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const costOf = ({ moduleId }: TestSpecification): number => (SLOW.test(moduleId) ? 1 : 0);
    return files.toSorted((a, b) => costOf(a) - costOf(b));
  }
}

export default defineConfig({
  test: {
    environment: "node",
    isolate: false, // each mutant gets a worker of its own; its test files may share it: a fifth less work, the same results
    include: ["test/core/**/*.test.ts"],
    exclude: EXCLUDED,
    setupFiles: ["test/mutation/setup.ts"],
    testTimeout: 60_000, // instrumented code runs several times slower
    sequence: { sequencer: FastFirst },
  },
});

// The tests that run for each mutant of core/: tests that need only the core, in Node.

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { INTEGRATION_TESTS } from "./sample.ts";

/** Tests that are not run for mutants, each with its reason. */
export const EXCLUDED = [
  "test/core/breaker/model.test.ts", // explores 100,000s of states: 35 s for each mutant; the other tests of breakers cover each step of it
  "test/core/breaker/commands.test.ts", // takes thousands of random steps, and counts the probes on the way
  "test/core/rate-limit/oracles.test.ts", // simulates faulty pools, to test the oracles of the simulation
  "test/core/balance/algorithms/even-shares.test.ts", // 8 million picks: a minute for each mutant
  "test/core/config/declared-protos.test.ts", // runs the compiler over configurations: it tests types
  "test/core/region-table.test.ts", // reads the source as text, which mutants change
];

/** The slowest tests. They run last, because most mutants are killed before. */
const SLOW =
  /rate-limit\/leased-bucket|balance\/(balancers|fleet|endpoint-groups|locality|algorithms\/(consistent-hash|maglev))|cache\/(purge|store)\/|transcode\/(path-trie|query)/;

class FastFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const costOf = ({ moduleId }: TestSpecification): number => (SLOW.test(moduleId) ? 1 : 0);
    return files.toSorted((a, b) => costOf(a) - costOf(b));
  }
}

export default defineConfig({
  test: {
    environment: "node",
    isolate: false, // each mutant gets its own worker, and its test files may share it: a fifth less work, the same results
    include: ["test/core/**/*.test.ts", ...INTEGRATION_TESTS],
    exclude: EXCLUDED,
    setupFiles: ["test/mutation/setup.ts"],
    testTimeout: 600_000, // instrumented code runs several times slower
    sequence: { sequencer: FastFirst },
  },
});

// A StrykerJS plugin that accepts the mutants of the sample and rejects all others. It runs in its own process.
import { readFileSync } from "node:fs";
import { type Checker, type CheckResult, CheckStatus } from "@stryker-mutator/api/check";
import type { Mutant } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { keyOf } from "./sample.ts";

/** Environment variable with the path of a JSON file: `{ root, keys }`, the keys of the sample as `keyOf` makes them. */
export const SAMPLE_FILE = "TIDEGATE_MUTATION_SAMPLE";
const NOT_SAMPLED: CheckResult = { status: CheckStatus.CompileError, reason: "not in the sample" };

class SampleChecker implements Checker {
  #root = "";
  #keys: ReadonlySet<string> = new Set();

  async init(): Promise<void> {
    const { root, keys } = JSON.parse(readFileSync(process.env[SAMPLE_FILE]!, "utf8")) as { root: string; keys: string[] };
    this.#root = root;
    this.#keys = new Set(keys);
  }

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    return Object.fromEntries(
      mutants.map((mutant) => [mutant.id, this.#keys.has(keyOf(this.#root, mutant)) ? { status: CheckStatus.Passed } : NOT_SAMPLED]),
    );
  }

  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, "sample", SampleChecker)];

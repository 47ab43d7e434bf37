// Runs mutated bytes through a target, and finds what breaks its promise.
import { readFileSync } from "node:fs";
import { seeded } from "../support/cache-traces.ts";
import { mutated } from "./mutate.ts";
import type { Target } from "./targets.ts";

/** A case that takes longer hangs: the inputs have at most 8 KiB. Far above what a busy machine needs. */
const HANG_MS = 20_000;

export interface FuzzFailure {
  readonly target: string;
  readonly number: number; // number of the case, from 0: the same seed gives the same case
  readonly input: Buffer;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly cases: number;
  readonly slowestMs: number;
  readonly failure: FuzzFailure | undefined; // the first one
}

export function corpusOf(target: string): Buffer[] {
  const entries = JSON.parse(readFileSync(new URL(`corpus/${target}.json`, import.meta.url), "utf8")) as string[];
  return entries.map((text) => Buffer.from(text, "latin1"));
}

/** First the corpus as it is, then mutations of it, until the first failure. */
export async function fuzz(target: Target, cases: number, seed: number, corpus = corpusOf(target.name)): Promise<FuzzResult> {
  const random = seeded(seed);
  let slowestMs = 0;
  for (let number = 0; number < cases; number++) {
    const input = corpus[number] ?? mutated(corpus, random);
    const startedAt = performance.now();
    const fail = (error: unknown): FuzzResult => ({ cases: number + 1, slowestMs, failure: { target: target.name, number, input, error } });
    try {
      await target.run(input);
    } catch (error) {
      return fail(error);
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (slowestMs > HANG_MS) return fail(new Error(`took ${slowestMs.toFixed(0)} ms`));
  }
  return { cases, slowestMs, failure: undefined };
}

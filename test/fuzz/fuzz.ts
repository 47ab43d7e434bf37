// Runs mutated bytes through a target, and finds what breaks its promise.
import { readFileSync } from "node:fs";
import { seeded } from "../support/cache-traces.ts";
import { minimized } from "./minimize.ts";
import { mutated } from "./mutate.ts";
import type { Target } from "./target.ts";

/** A case that takes longer hangs: the inputs have at most 8 KiB. Far above what a busy machine needs. */
const HANG_MS = 20_000;
const BATCH = 100;

export interface FuzzFailure {
  readonly target: string;
  readonly number: number; // number of the case, from 0: the same seed gives the same case
  readonly input: Buffer;
  readonly smallest: Buffer; // a part of the input that still breaks a promise
  readonly error: unknown;
}

export interface FuzzResult {
  readonly cases: number;
  readonly slowestMs: number; // per case
  readonly failure: FuzzFailure | undefined; // the first one
}

export function corpusOf(target: string): Buffer[] {
  const entries = JSON.parse(readFileSync(new URL(`corpus/${target}.json`, import.meta.url), "utf8")) as string[];
  return entries.map((text) => Buffer.from(text, "latin1"));
}

/** First the corpus as it is, then mutations of it, until the first failure. */
export async function fuzz(target: Target, cases: number, seed: number, corpus = corpusOf(target.name)): Promise<FuzzResult> {
  const random = seeded(seed);
  const stop = await target.start?.();
  try {
    let slowestMs = 0;
    for (let from = 0; from < cases; ) {
      const count = target.runAll === undefined ? 1 : Math.min(BATCH, cases - from);
      const inputs = Array.from({ length: count }, (_, n) => corpus[from + n] ?? mutated(corpus, random));
      const startedAt = performance.now();
      const failed = await firstFailure(target, inputs);
      slowestMs = Math.max(slowestMs, (performance.now() - startedAt) / count);
      const late = slowestMs > HANG_MS ? { at: 0, error: new Error(`took ${slowestMs.toFixed(0)} ms`) } : undefined;
      const failure = failed ?? late;
      if (failure !== undefined) {
        const input = inputs[failure.at]!;
        const smallest = failed === undefined ? input : await minimized(input, (one) => fails(target, one));
        return {
          cases: from + failure.at + 1,
          slowestMs,
          failure: { target: target.name, number: from + failure.at, input, smallest, error: failure.error },
        };
      }
      from += count;
    }
    return { cases, slowestMs, failure: undefined };
  } finally {
    stop?.();
  }
}

async function firstFailure(
  target: Target,
  inputs: readonly Buffer[],
): Promise<{ readonly at: number; readonly error: unknown } | undefined> {
  try {
    if (target.runAll !== undefined) return await target.runAll(inputs);
    await target.run(inputs[0]!);
    return undefined;
  } catch (error) {
    return { at: 0, error };
  }
}

async function fails(target: Target, input: Buffer): Promise<boolean> {
  return (await firstFailure(target, [input])) !== undefined;
}

// Retries and hedging, as an operator writes them.

import type { HedgePolicy } from "../retry/hedge.ts";
import type { RetryPolicy } from "../retry/retry.ts";
import { type Checks, join } from "./problems.ts";

export interface RetryInput {
  /** Retries at most, 0 to 10. Default 5 (C2). */
  readonly max?: number;
  /** Pause before the first retry, by full jitter; it doubles. Default 100 ms (C2). */
  readonly baseMs?: number;
  /** Longest pause. Default 10 000 ms (C2). */
  readonly maxMs?: number;
  /** Time for one attempt; what takes longer counts as unavailable. Default: the call's. */
  readonly perAttemptMs?: number;
  /** Codes that are worth another attempt. Default: unavailable. */
  readonly codes?: readonly string[];
}

/** What pays for every attempt beyond the first one of a call. One budget for each upstream and isolate, whatever the methods. */
export interface RetryBudgetInput {
  /** Further attempts, in percent of the calls of the upstream, 0 to 100. Default 10. */
  readonly percent?: number;
  /** Further attempts per second that are allowed at any traffic, 0 to 1 000. Default 3. */
  readonly minPerSecond?: number;
}

export interface RetryBudgetPolicy extends Required<RetryBudgetInput> {}

export const RETRY_BUDGET: RetryBudgetPolicy = { percent: 10, minPerSecond: 3 };

export interface HedgeInput {
  /** Calls that are made a second time, in percent, at most: 1 to 10. Default 2. */
  readonly percent?: number;
  /** Quantile of the method's own times after which that may happen: 0.5 to 0.999. Default 0.95. */
  readonly quantile?: number;
  /** Never sooner than this. Default 5 ms. */
  readonly minMs?: number;
}

const CODES = ["unavailable", "deadline_exceeded", "internal", "unknown", "data_loss", "aborted", "resource_exhausted"] as const;
export const RETRIES: RetryPolicy = {
  max: 5,
  baseMs: 100,
  maxMs: 10_000,
  perAttemptMs: Number.POSITIVE_INFINITY,
  codes: new Set(["unavailable"]),
};

/** Settings that belong to the upstream since 0.2: all methods of an upstream share one budget. */
const MOVED = {
  budgetPercent: "remove it, and write retryBudget: { percent: ... } in the upstream, whose methods share one budget",
  minPerSecond: "remove it, and write retryBudget: { minPerSecond: ... } in the upstream, whose methods share one budget",
};

export function parseRetries(check: Checks, path: string, value: unknown, outer: RetryPolicy): RetryPolicy {
  if (value === undefined) return outer;
  if (value === false) return { ...outer, max: 0 };
  const fields = check.fields(path, value, ["max", "baseMs", "maxMs", "perAttemptMs", "codes"], MOVED);
  const number = (name: keyof RetryInput, min: number, max: number, fallback: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback, unit });
  const found = fields["codes"] ?? [...RETRIES.codes];
  const codes = Array.isArray(found) ? found : [];
  if (!Array.isArray(found) || codes.some((code) => !(CODES as readonly unknown[]).includes(code)))
    check.report(join(path, "codes"), found, `write a list of ${CODES.join(", ")}`);
  return {
    max: number("max", 0, 10, RETRIES.max, "retries"),
    baseMs: number("baseMs", 1, 60_000, RETRIES.baseMs, "ms"),
    maxMs: number("maxMs", 1, 60_000, RETRIES.maxMs, "ms"),
    perAttemptMs: fields["perAttemptMs"] === undefined ? RETRIES.perAttemptMs : number("perAttemptMs", 1, 3_600_000, 1, "ms"),
    codes: new Set(codes as string[]),
  };
}

export function parseRetryBudget(check: Checks, path: string, value: unknown): RetryBudgetPolicy {
  const fields = check.fields(path, value, Object.keys(RETRY_BUDGET));
  const number = (name: keyof RetryBudgetPolicy, max: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min: 0, max, fallback: RETRY_BUDGET[name], unit });
  return { percent: number("percent", 100, "%"), minPerSecond: number("minPerSecond", 1_000, "attempts") };
}

const HEDGING: HedgePolicy = { percent: 2, quantile: 0.95, minMs: 5 };

/** @returns undefined for no hedging, which is the default */
export function parseHedging(check: Checks, path: string, value: unknown, outer: HedgePolicy | undefined): HedgePolicy | undefined {
  if (value === undefined) return outer;
  if (value === false) return undefined;
  const fields = check.fields(path, value, Object.keys(HEDGING));
  const { quantile = HEDGING.quantile } = fields;
  const isQuantile = typeof quantile === "number" && quantile >= 0.5 && quantile <= 0.999;
  if (!isQuantile) check.report(join(path, "quantile"), quantile, "write a number from 0.5 to 0.999");
  return {
    percent: check.integer(join(path, "percent"), fields["percent"], { min: 1, max: 10, fallback: HEDGING.percent, unit: "%" }),
    quantile: isQuantile ? quantile : HEDGING.quantile,
    minMs: check.integer(join(path, "minMs"), fields["minMs"], { min: 1, max: 60_000, fallback: HEDGING.minMs, unit: "ms" }),
  };
}

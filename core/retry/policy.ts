// Retries, as an operator writes them.
import { type Checks, join } from "../parse.ts";
import type { RetryPolicy } from "./retry.ts";

export interface RetryInput {
  /** Retries at most, 0 to 10. Default 5 (C2). */
  readonly max?: number;
  /** Pause before the first retry, by full jitter; it doubles. Default 100 ms (C2). */
  readonly baseMs?: number;
  /** Longest pause. Default 10 000 ms (C2). */
  readonly maxMs?: number;
  /** Time for one attempt. Default: the call's. */
  readonly perAttemptMs?: number;
  /** Codes that are worth another attempt. Default: unavailable. */
  readonly codes?: readonly string[];
  /** Retries of an isolate towards one service, in percent of its calls. Default 10. */
  readonly budgetPercent?: number;
  /** Retries a second that the budget has whatever the traffic. Default 3. */
  readonly minPerSecond?: number;
}

const CODES = ["unavailable", "deadline_exceeded", "internal", "unknown", "data_loss", "aborted", "resource_exhausted"] as const;
export const RETRIES: RetryPolicy = {
  max: 5,
  baseMs: 100,
  maxMs: 10_000,
  perAttemptMs: Number.POSITIVE_INFINITY,
  codes: new Set(["unavailable"]),
  budgetPercent: 10,
  minPerSecond: 3,
};

export function parseRetries(check: Checks, path: string, value: unknown, outer: RetryPolicy): RetryPolicy {
  if (value === undefined) return outer;
  if (value === false) return { ...outer, max: 0 };
  const fields = check.fields(path, value, ["max", "baseMs", "maxMs", "perAttemptMs", "codes", "budgetPercent", "minPerSecond"]);
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
    budgetPercent: number("budgetPercent", 0, 100, RETRIES.budgetPercent, "%"),
    minPerSecond: number("minPerSecond", 0, 1_000, RETRIES.minPerSecond, "retries"),
  };
}

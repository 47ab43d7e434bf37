// Settings of retries, of hedging, and of the budget that pays for both.
import * as v from "valibot";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, choice, defaultsOf, type InputOf, list, number, type PolicyOf, setting, unlimited, whole } from "./setting.ts";

const CODES = ["unavailable", "deadline_exceeded", "internal", "unknown", "data_loss", "aborted", "resource_exhausted"] as const;
const codes = list(choice(CODES), CODES.length, `write a list of ${CODES.join(", ")}`, `codes: ${CODES.join(", ")}`);

export const RETRY_SETTINGS = block({
  max: setting(whole(0, 10, "retries"), 5, "Retries of a call that fails and is safe to repeat, beside its first attempt."),
  baseMs: setting(
    whole(1, 60_000, "ms"),
    100,
    "Upper bound of the random pause before the first retry; it doubles with each retry, up to `maxMs`.",
  ),
  maxMs: setting(whole(1, 60_000, "ms"), 10_000, "Upper bound of every pause."),
  perAttemptMs: unlimited(
    whole(1, 3_600_000, "ms"),
    "Time for one attempt. An attempt that takes longer counts as `unavailable`.",
    "the time left for the call",
  ),
  codes: setting(
    v.pipe(
      codes,
      v.transform((list): ReadonlySet<string> => new Set(list)),
    ),
    ["unavailable"],
    "Connect codes that are retried.",
  ),
});

export type RetryInput = InputOf<typeof RETRY_SETTINGS>;
export interface RetryPolicy extends PolicyOf<typeof RETRY_SETTINGS> {}

export const RETRIES: RetryPolicy = defaultsOf(RETRY_SETTINGS);

/** Former settings: the budget belongs to the upstream. */
const MOVED = {
  budgetPercent: "remove it, and write retryBudget: { percent: ... } in the upstream, whose methods share one budget",
  minPerSecond: "remove it, and write retryBudget: { minPerSecond: ... } in the upstream, whose methods share one budget",
};

/** @param outer the policy where nothing is written */
export function parseRetries(check: Checks, path: string, value: unknown, outer: RetryPolicy): RetryPolicy {
  if (value === undefined) return outer;
  if (value === false) return { ...outer, max: 0 };
  return readBlock(check, path, RETRY_SETTINGS, value, { moved: MOVED });
}

export const RETRY_BUDGET_SETTINGS = block({
  percent: setting(
    whole(0, 100, "%"),
    10,
    "Attempts beyond the first one of a call (retries and hedged attempts), as a share of the calls of the upstream.",
  ),
  minPerSecond: setting(whole(0, 1_000, "attempts"), 3, "Such attempts per second that are allowed at any traffic."),
});

export type RetryBudgetInput = InputOf<typeof RETRY_BUDGET_SETTINGS>;
/** One budget for each upstream and isolate, for all methods. */
export interface RetryBudgetPolicy extends PolicyOf<typeof RETRY_BUDGET_SETTINGS> {}

export const RETRY_BUDGET: RetryBudgetPolicy = defaultsOf(RETRY_BUDGET_SETTINGS);

export const HEDGING_SETTINGS = block({
  percent: setting(
    whole(1, 10, "%"),
    2,
    "Largest share of the calls that get a second attempt. `upstream.retryBudget` pays for them, too.",
  ),
  quantile: setting(
    number(0.5, 0.999, "quantile", "write a number from 0.5 to 0.999"),
    0.95,
    "Quantile of the response times of the method in this isolate after which a second attempt may start; later where `percent` would not pay for all calls that are so late.",
  ),
  minMs: setting(whole(1, 60_000, "ms"), 5, "Shortest time after which a second attempt may start."),
});

export type HedgeInput = InputOf<typeof HEDGING_SETTINGS>;
export interface HedgePolicy extends PolicyOf<typeof HEDGING_SETTINGS> {}

/** @returns undefined for no hedging, which is the default */
export function parseHedging(check: Checks, path: string, value: unknown, outer: HedgePolicy | undefined): HedgePolicy | undefined {
  if (value === undefined) return outer;
  if (value === false) return undefined;
  return readBlock(check, path, HEDGING_SETTINGS, value);
}

// Settings of circuit breakers.
import * as v from "valibot";
import { modeAndPercent } from "./enforcement.ts";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, defaultsOf, type InputOf, number, type PolicyOf, setting, whole } from "./setting.ts";

const FACTOR_FIX = "write a number from 1 to 10, or 0 for never";
const factor = v.union([v.literal(0), number(1, 10, "standard deviations", FACTOR_FIX)], FACTOR_FIX);

export const BREAKER_SETTINGS = block({
  consecutive: setting(whole(1, 1_000, "failures"), 5, "Failures in a row, seen by one isolate, that open the breaker of an endpoint."),
  failurePercent: setting(
    whole(1, 100, "%"),
    50,
    "Share of failed calls in the last 10 s that opens the breaker, from `minCalls` calls on.",
  ),
  slowPercent: setting(
    whole(1, 100, "%"),
    100,
    "Share of calls slower than `slowMs` that opens the breaker, from `minCalls` calls on; 100 means never.",
  ),
  slowMs: setting(whole(1, 3_600_000, "ms"), 10_000, "Duration from which a call counts as slow."),
  minCalls: setting(whole(1, 10_000, "calls"), 20, "Calls in the last 10 s that are needed before shares are judged."),
  outlierFactor: setting(
    factor,
    1.9,
    "Standard deviations below the mean success rate of the other endpoints (at least 5) at which a breaker opens; 0 means never.",
    { shape: "0, or 1 to 10 standard deviations" },
  ),
  maxOpenPercent: setting(
    whole(0, 100, "%"),
    70,
    "Share of the endpoints that may be left out. While more are open, but not all, every endpoint is called; while more have faults, the Durable Object opens none.",
  ),
  openMs: setting(whole(100, 60_000, "ms"), 5_000, "How long a breaker stays open at first. Each failed probe doubles it, up to 60 s."),
  quorum: setting(
    whole(2, 1_000, "isolates"),
    3,
    "Isolates, in two locations or more, that have to see the fault before the breaker opens in all locations.",
  ),
  probes: setting(whole(1, 100, "probes"), 3, "Probes in flight at once, in all locations together, while the breaker is half-open."),
  ...modeAndPercent("breakers open and close, and calls that would be refused are counted and logged"),
});

export type BreakerInput = InputOf<typeof BREAKER_SETTINGS>;
export interface BreakerPolicy extends PolicyOf<typeof BREAKER_SETTINGS> {}

export const BREAKER: BreakerPolicy = defaultsOf(BREAKER_SETTINGS);

export function parseBreaker(check: Checks, path: string, value: unknown): BreakerPolicy {
  return readBlock(check, path, BREAKER_SETTINGS, value);
}

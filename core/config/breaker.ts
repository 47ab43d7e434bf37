// Breakers, as an operator writes them.
import { type Checks, join } from "./problems.ts";

export interface BreakerInput {
  /** Failures in a row that open it for an endpoint, in one isolate. Default 5 (C4). */
  readonly consecutive?: number;
  /** Failures in percent of the calls of the last 10 s that open it, from `minCalls` on. Default 50. */
  readonly failurePercent?: number;
  /** Calls slower than `slowMs`, in percent, that open it. Default 100: never. */
  readonly slowPercent?: number;
  readonly slowMs?: number;
  /** Calls in the window before percents mean anything. Default 20. */
  readonly minCalls?: number;
  /** Standard deviations below the mean success rate of its peers that open it, with 5 of them at least. Default 1.9; 0: never. */
  readonly outlierFactor?: number;
  /**
   * Share of the endpoints that may be left out. Where more are open, but not all of them, all are called; where more are in trouble,
   * the object opens none. Default 70.
   */
  readonly maxOpenPercent?: number;
  /** How long it stays open at first; twice as long each time that a probe fails, at most 60 s. Default 5 000 ms. */
  readonly openMs?: number;
  /** Isolates that have to see the fault before it opens everywhere, in two locations or more. Default 3. */
  readonly quorum?: number;
  /** Probes under way at once, world-wide, while it is half open. Default 3. */
  readonly probes?: number;
  /** "off", "report": log what would be kept from an endpoint, "enforce". Default "enforce". */
  readonly mode?: "off" | "report" | "enforce";
}

export interface BreakerPolicy extends Required<BreakerInput> {}

export const BREAKER: BreakerPolicy = {
  consecutive: 5,
  failurePercent: 50,
  slowPercent: 100,
  slowMs: 10_000,
  minCalls: 20,
  outlierFactor: 1.9,
  maxOpenPercent: 70,
  openMs: 5_000,
  quorum: 3,
  probes: 3,
  mode: "enforce",
};

export function parseBreaker(check: Checks, path: string, value: unknown): BreakerPolicy {
  const fields = check.fields(path, value, Object.keys(BREAKER));
  const number = (name: Exclude<keyof BreakerInput, "mode">, min: number, max: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback: BREAKER[name], unit });
  return {
    consecutive: number("consecutive", 1, 1_000, "failures"),
    failurePercent: number("failurePercent", 1, 100, "%"),
    slowPercent: number("slowPercent", 1, 100, "%"),
    slowMs: number("slowMs", 1, 3_600_000, "ms"),
    minCalls: number("minCalls", 1, 10_000, "calls"),
    outlierFactor: factor(check, join(path, "outlierFactor"), fields["outlierFactor"]),
    maxOpenPercent: number("maxOpenPercent", 0, 100, "%"),
    openMs: number("openMs", 100, 60_000, "ms"),
    quorum: number("quorum", 2, 1_000, "isolates"),
    probes: number("probes", 1, 100, "probes"),
    mode: check.oneOf(join(path, "mode"), fields["mode"], ["off", "report", "enforce"], BREAKER.mode),
  };
}

function factor(check: Checks, path: string, value: unknown): number {
  if (value === undefined) return BREAKER.outlierFactor;
  if (typeof value === "number" && (value === 0 || (value >= 1 && value <= 10))) return value;
  check.report(path, value, "write a number from 1 to 10, or 0 for never");
  return BREAKER.outlierFactor;
}

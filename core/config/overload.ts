// Settings against overload: of the isolate, of a method, and towards an upstream that refuses calls.
import * as v from "valibot";
import { CRITICALITIES, rankOf, type Trust } from "../overload/criticality.ts";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, choice, defaultsOf, flag, type InputOf, list, MODES, type Mode, setting, whole } from "./setting.ts";

const QUEUE = {
  mode: setting(choice(MODES), "enforce", "`off`; `report`: log the calls that would be refused; `enforce`."),
  maxQueued: setting(whole(0, 10_000, "calls"), 100, "Calls that wait while the limit is reached. Further calls are refused at once."),
  queueMs: setting(whole(1, 60_000, "ms"), 1_000, "Longest wait. While the queue does not empty, no call waits longer than 20 ms."),
};

const TRUSTED_FIX = 'write "principals", or a list of callers as principalHeader names them';
const trusted = v.union(
  [v.literal("principals"), list(v.pipe(v.string(), v.nonEmpty()), Number.POSITIVE_INFINITY, TRUSTED_FIX, "")],
  TRUSTED_FIX,
);

/** A criticality, read as its rank. */
export const criticality = v.pipe(choice(CRITICALITIES), v.transform(rankOf));

export const OVERLOAD_SETTINGS = block({
  ...QUEUE,
  maxInFlight: setting(
    whole(1, 100_000, "calls"),
    10_000,
    "Calls in flight in one isolate. `sheddable` calls get 70 % of any limit, `sheddable_plus` 80 %, `critical` 95 %.",
  ),
  trusted: setting(
    trusted,
    undefined,
    'Callers whose headers `tidegate-criticality` and `tidegate-attempt` are honored, as `principalHeader` names them; `"principals"`: all that it names.',
    { shape: '`"principals"`, or a list of callers', fix: TRUSTED_FIX, shownDefault: "no caller" },
  ),
});

export const CONCURRENCY_SETTINGS = block({
  ...QUEUE,
  max: setting(whole(1, 100_000, "calls"), 10_000, "Calls of the method in flight in one isolate; the ceiling of an adaptive limit."),
  adaptive: setting(flag, true, "Whether the limit follows what the upstream can take."),
  floor: setting(whole(1, 100_000, "calls"), undefined, "Lower bound of an adaptive limit; at most `max`.", {
    shownDefault: "100, or `max` if that is less",
  }),
});

export const THROTTLE_SETTINGS = block({
  mode: setting(
    choice(MODES),
    "enforce",
    "Whether calls are held back from an upstream that refuses most of them: `off`, `report` or `enforce`.",
  ),
  belowPercent: setting(whole(1, 95, "%"), 50, "Share of accepted calls below which calls are held back."),
  minCalls: setting(
    whole(1, 100_000, "calls"),
    50,
    "Calls of the last 10 s, of one criticality, that are needed before the share is judged.",
  ),
  honor: setting(
    choice(MODES),
    "enforce",
    "Whether the shed level that a host reports is honored, for a second: `off`, `report` or `enforce`.",
  ),
});

export type OverloadInput = InputOf<typeof OVERLOAD_SETTINGS>;
export type ConcurrencyInput = InputOf<typeof CONCURRENCY_SETTINGS>;
export type ThrottleInput = InputOf<typeof THROTTLE_SETTINGS>;

/** The limit of a scope in which calls in flight are counted: the isolate, or a method in it. */
export interface ConcurrencyPolicy {
  readonly mode: Mode;
  readonly max: number; // calls in flight; the ceiling of an adaptive limit
  readonly floor: number | undefined; // lower bound of an adaptive limit; undefined for a fixed limit
  readonly maxQueued: number;
  readonly queueMs: number;
}

export interface OverloadPolicy {
  readonly isolate: ConcurrencyPolicy;
  readonly trust: Trust;
}

export interface ThrottlePolicy {
  readonly mode: Mode;
  readonly honor: Mode;
  readonly factor: number; // calls sent for each accepted one
  readonly minCalls: number;
}

/** Small traffic never reaches such a floor: one isolate sees too few calls of an upstream to be strict with it. */
const FLOOR = 100;
const { adaptive: _, ...FIXED } = defaultsOf(CONCURRENCY_SETTINGS);
export const CONCURRENCY: ConcurrencyPolicy = { ...FIXED, floor: FLOOR };

export function parseOverload(check: Checks, path: string, value: unknown, principalHeader: string | undefined): OverloadPolicy {
  const { maxInFlight: max, trusted: callers, ...queue } = readBlock(check, path, OVERLOAD_SETTINGS, value);
  if (callers !== undefined && principalHeader === undefined)
    check.report(`${path}.trusted`, callers, "say what names the caller: principalHeader at the top");
  return { isolate: { ...queue, max, floor: undefined }, trust: trustIn(callers) };
}

function trustIn(callers: "principals" | readonly string[] | undefined): Trust {
  if (callers === undefined) return { kind: "none" };
  return callers === "principals" ? { kind: "principals" } : { kind: "listed", names: new Set(callers) };
}

export function parseConcurrency(check: Checks, path: string, value: unknown, outer: ConcurrencyPolicy): ConcurrencyPolicy {
  if (value === undefined) return outer;
  const { adaptive, floor: written, ...policy } = readBlock(check, path, CONCURRENCY_SETTINGS, value);
  const floor = written ?? Math.min(FLOOR, policy.max);
  if (adaptive && floor > policy.max) check.report(`${path}.floor`, floor, `write at most ${policy.max}, which is max`);
  return { ...policy, floor: adaptive ? floor : undefined };
}

export function parseThrottle(check: Checks, path: string, value: unknown): ThrottlePolicy {
  const { belowPercent, ...policy } = readBlock(check, path, THROTTLE_SETTINGS, value, { moved: { heed: 'write "honor", its new name' } });
  return { ...policy, factor: 100 / belowPercent };
}

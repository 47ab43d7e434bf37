// Settings against overload: of the isolate, of a method, and towards an upstream that refuses calls.
import * as v from "valibot";
import { CRITICALITIES, rankOf, type Trust } from "../overload/criticality.ts";
import { PRINCIPAL_FIX, type Proves } from "./auth.ts";
import { type Enforcement, modeAndPercent } from "./enforcement.ts";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, choice, defaultsOf, flag, type InputOf, list, MODES, type Mode, setting, whole } from "./setting.ts";

const QUEUE = {
  ...modeAndPercent("calls that would be refused are counted and logged"),
  maxQueued: setting(whole(0, 10_000, "calls"), 100, "Calls that wait while the limit is reached. Further calls are refused at once."),
  queueMs: setting(whole(1, 60_000, "ms"), 1_000, "Longest wait. While the queue does not empty, no call waits longer than 20 ms."),
};

const share = setting(
  whole(1, 100, "%"),
  50,
  "Share of a limit that one caller (principal, else address) may hold, also while it is alone. 100 where all calls come from one service or one address.",
);

const TRUSTED_FIX = 'write "principals", or a list of ids of principals: ["https://id.example#ada"]';
const trusted = v.union(
  [v.literal("principals"), list(v.pipe(v.string(), v.nonEmpty()), Number.POSITIVE_INFINITY, TRUSTED_FIX, "")],
  TRUSTED_FIX,
);

/** A criticality, read as its rank. */
export const criticality = v.pipe(choice(CRITICALITIES), v.transform(rankOf));

export const OVERLOAD_SETTINGS = block({
  ...QUEUE,
  memoryBytes: setting(
    whole(1_048_576, 100_663_296, "bytes"),
    33_554_432,
    "Memory of one isolate for request bodies, responses that are read whole, and stored responses, together. Calls evict stored responses; a call that needs more is refused with 503. An isolate has 128 MB for everything.",
  ),
  callerShare: share,
  maxStreams: setting(
    whole(1, 100_000, "streams"),
    1_000,
    "Open streams in one isolate: streams of messages, and bodies that are sent while they arrive. Each counts until it ends, its caller hangs up, or its deadline passes.",
  ),
  maxInFlight: setting(
    whole(1, 100_000, "calls"),
    10_000,
    "Calls in flight in one isolate. `sheddable` calls get 70 % of any limit, `sheddable_plus` 80 %, `critical` 95 %.",
  ),
  trusted: setting(
    trusted,
    undefined,
    'Callers whose headers `tidegate-criticality` and `tidegate-attempt` are honored, by the ids of their principals; `"principals"`: all callers that are authenticated, end users, too.',
    { shape: '`"principals"`, or a list of ids', fix: TRUSTED_FIX, shownDefault: "no caller" },
  ),
});

export const CONCURRENCY_SETTINGS = block({
  ...QUEUE,
  callerShare: share,
  maxStreams: setting(whole(1, 100_000, "streams"), 500, "Open streams of the method in one isolate."),
  max: setting(whole(1, 100_000, "calls"), 10_000, "Calls of the method in flight in one isolate; the ceiling of an adaptive limit."),
  adaptive: setting(flag, true, "Whether the limit follows what the upstream can take."),
  floor: setting(whole(1, 100_000, "calls"), undefined, "Lower bound of an adaptive limit; at most `max`.", {
    shownDefault: "100, or `max` if that is less",
  }),
});

export const THROTTLE_SETTINGS = block({
  ...modeAndPercent("calls that would be held back from an upstream that refuses most of them are counted and logged"),
  belowPercent: setting(whole(1, 95, "%"), 50, "Share of accepted calls below which calls are held back."),
  minCalls: setting(
    whole(1, 100_000, "calls"),
    50,
    "Calls of the last 10 s, of one criticality, that are needed before the share is judged.",
  ),
  honor: setting(
    choice(MODES),
    "enforce",
    "Whether the shed level that a host reports is honored, for a second: `off`, `report` or `enforce`; `percent` holds for it, too.",
  ),
});

export type OverloadInput = InputOf<typeof OVERLOAD_SETTINGS>;
export type ConcurrencyInput = InputOf<typeof CONCURRENCY_SETTINGS>;
export type ThrottleInput = InputOf<typeof THROTTLE_SETTINGS>;

/** The limit of a scope in which calls in flight are counted: the isolate, or a method in it. */
export interface ConcurrencyPolicy extends Enforcement {
  readonly max: number; // calls in flight; the ceiling of an adaptive limit
  readonly callerShare: number; // largest share of the limit that one caller may hold, in (0, 1]
  readonly floor: number | undefined; // lower bound of an adaptive limit; undefined for a fixed limit
  readonly maxStreams: number; // open streams
  readonly maxQueued: number;
  readonly queueMs: number;
}

/** What the calls of an isolate may hold in memory. */
export interface MemoryPolicy {
  readonly maxBytes: number; // all calls and stored responses together
  readonly callerShare: number; // largest share of it that one caller may hold, in (0, 1]
}

export interface OverloadPolicy {
  readonly isolate: ConcurrencyPolicy;
  readonly memory: MemoryPolicy;
  readonly trust: Trust;
}

export interface ThrottlePolicy extends Enforcement {
  readonly honor: Mode;
  readonly factor: number; // calls sent for each accepted one
  readonly minCalls: number;
}

const { memoryBytes, callerShare: memoryPercent } = defaultsOf(OVERLOAD_SETTINGS);
export const MEMORY: MemoryPolicy = { maxBytes: memoryBytes, callerShare: memoryPercent / 100 };

/** Small traffic never reaches such a floor: one isolate sees too few calls of an upstream to be strict with it. */
const FLOOR = 100;
const { adaptive: _, callerShare: callerPercent, ...FIXED } = defaultsOf(CONCURRENCY_SETTINGS);
export const CONCURRENCY: ConcurrencyPolicy = { ...FIXED, floor: FLOOR, callerShare: callerPercent / 100 };

export function parseOverload(check: Checks, path: string, value: unknown, proves: Proves): OverloadPolicy {
  const {
    maxInFlight: max,
    trusted: callers,
    memoryBytes: maxBytes,
    callerShare,
    ...queue
  } = readBlock(check, path, OVERLOAD_SETTINGS, value);
  const shareOfOne = callerShare / 100;
  if (callers !== undefined && !proves.principals) check.report(`${path}.trusted`, callers, PRINCIPAL_FIX);
  return {
    isolate: { ...queue, max, floor: undefined, callerShare: shareOfOne },
    memory: { maxBytes, callerShare: shareOfOne },
    trust: trustIn(callers),
  };
}

function trustIn(callers: "principals" | readonly string[] | undefined): Trust {
  if (callers === undefined) return { kind: "none" };
  return callers === "principals" ? { kind: "principals" } : { kind: "listed", names: new Set(callers) };
}

export function parseConcurrency(check: Checks, path: string, value: unknown, outer: ConcurrencyPolicy): ConcurrencyPolicy {
  if (value === undefined) return outer;
  const { adaptive, floor: written, callerShare, ...policy } = readBlock(check, path, CONCURRENCY_SETTINGS, value);
  const floor = written ?? Math.min(FLOOR, policy.max);
  if (adaptive && floor > policy.max) check.report(`${path}.floor`, floor, `write at most ${policy.max}, which is max`);
  return { ...policy, floor: adaptive ? floor : undefined, callerShare: callerShare / 100 };
}

export function parseThrottle(check: Checks, path: string, value: unknown): ThrottlePolicy {
  const { belowPercent, ...policy } = readBlock(check, path, THROTTLE_SETTINGS, value, { moved: { heed: 'write "honor", its new name' } });
  return { ...policy, factor: 100 / belowPercent };
}

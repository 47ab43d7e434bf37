// What is done against overload, as an operator writes it.

import type { ConcurrencyLimiterSettings } from "../overload/concurrency-limiter.ts";
import { CRITICALITIES, type Criticality, type Rank, rankOf, type Trust } from "../overload/criticality.ts";
import type { ThrottleSettings } from "../overload/throttle.ts";
import { type Checks, join } from "./problems.ts";

const MODES = ["off", "report", "enforce"] as const;
export type Mode = (typeof MODES)[number];

interface QueueInput {
  /** "off", "report": log what would be refused, "enforce". Default "enforce". */
  readonly mode?: Mode;
  /** Calls that wait where the limit is reached; more are refused at once. Default 100. */
  readonly maxQueued?: number;
  /** How long they wait at most. Default 1 000 ms; a queue that does not empty lets nobody wait longer than 20 ms. */
  readonly queueMs?: number;
}

/** For the isolate as a whole. */
export interface OverloadInput extends QueueInput {
  /** Calls of one isolate in flight, 1 to 100 000. Default 10 000 (G5 `max_concurrent_requests`). */
  readonly maxInFlight?: number;
  /** Callers whose header `tidegate-criticality` is honoured: some by name, or everybody whom `principalHeader` names. Default nobody. */
  readonly trusted?: "principals" | readonly string[];
}

/** For one method, in one isolate. */
export interface ConcurrencyInput extends QueueInput {
  /** Calls in flight; the ceiling, where the limit adapts. Default 10 000. */
  readonly max?: number;
  /** Whether the limit follows what the upstream bears. Default true. */
  readonly adaptive?: boolean;
  /** What an adaptive limit never goes below. Default 100. */
  readonly floor?: number;
}

/** For one service, in one isolate. */
export interface ThrottleInput {
  /** Whether calls are held back from an upstream that turns most of them away. Default "enforce". */
  readonly mode?: Mode;
  /** Share of calls accepted, in percent, below which calls are held back. Default 50. */
  readonly belowPercent?: number;
  /** Calls of the last ten seconds before shares mean anything. Default 50. */
  readonly minCalls?: number;
  /** Whether the shed level that a host reports is honored, for a second. Default "enforce". */
  readonly honor?: Mode;
}

/** One place where calls in flight are counted. */
export interface ConcurrencyPolicy extends ConcurrencyLimiterSettings {
  readonly mode: Mode;
  readonly maxQueued: number;
  readonly queueMs: number;
}

export interface OverloadPolicy {
  readonly isolate: ConcurrencyPolicy;
  readonly trust: Trust;
}

export interface ThrottlePolicy extends ThrottleSettings {
  readonly mode: Mode;
  readonly honor: Mode;
}

/** A floor that small traffic never meets: an isolate sees too little of an upstream to be strict with it. */
export const CONCURRENCY: ConcurrencyPolicy = { mode: "enforce", max: 10_000, floor: 100, maxQueued: 100, queueMs: 1_000 };

export function parseOverload(check: Checks, path: string, value: unknown, principalHeader: string | undefined): OverloadPolicy {
  const fields = check.fields(path, value, ["mode", "maxQueued", "queueMs", "maxInFlight", "trusted"]);
  const { maxInFlight } = fields;
  const max = check.integer(`${path}.maxInFlight`, maxInFlight, { min: 1, max: 100_000, fallback: 10_000, unit: "calls" });
  return {
    isolate: { ...queue(check, path, fields, CONCURRENCY), max, floor: undefined },
    trust: trust(check, path, fields["trusted"], principalHeader),
  };
}

function queue(check: Checks, path: string, fields: Readonly<Record<string, unknown>>, outer: ConcurrencyPolicy) {
  return {
    mode: check.oneOf(join(path, "mode"), fields["mode"], MODES, outer.mode),
    maxQueued: check.integer(join(path, "maxQueued"), fields["maxQueued"], {
      min: 0,
      max: 10_000,
      fallback: outer.maxQueued,
      unit: "calls",
    }),
    queueMs: check.integer(join(path, "queueMs"), fields["queueMs"], { min: 1, max: 60_000, fallback: outer.queueMs, unit: "ms" }),
  };
}

function trust(check: Checks, path: string, value: unknown, principalHeader: string | undefined): Trust {
  const at = `${path}.trusted`;
  if (value === undefined) return { kind: "none" };
  const isList = Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
  if (value !== "principals" && !isList) check.report(at, value, 'write "principals", or a list of callers as principalHeader names them');
  else if (principalHeader === undefined) check.report(at, value, "say what names the caller: principalHeader at the top");
  return isList ? { kind: "listed", names: new Set(value as string[]) } : { kind: "principals" };
}

export function parseConcurrency(check: Checks, path: string, value: unknown, outer: ConcurrencyPolicy): ConcurrencyPolicy {
  if (value === undefined) return outer;
  const fields = check.fields(path, value, ["mode", "maxQueued", "queueMs", "max", "adaptive", "floor"]);
  const number = (name: "max" | "floor", fallback: number) =>
    check.integer(join(path, name), fields[name], { min: 1, max: 100_000, fallback, unit: "calls" });
  const isAdaptive = check.oneOf(join(path, "adaptive"), fields["adaptive"], [true, false], true);
  const max = number("max", CONCURRENCY.max);
  const floor = number("floor", Math.min(CONCURRENCY.floor!, max));
  if (isAdaptive && floor > max) check.report(join(path, "floor"), floor, `write at most ${max}, which is max`);
  return { ...queue(check, path, fields, CONCURRENCY), max, floor: isAdaptive ? floor : undefined };
}

/** @returns the rank */
export function parseCriticality(check: Checks, path: string, value: unknown, outer: Rank): Rank {
  return rankOf(check.oneOf<Criticality>(path, value, CRITICALITIES, CRITICALITIES[outer]!));
}

export function parseThrottle(check: Checks, path: string, value: unknown): ThrottlePolicy {
  const fields = check.fields(path, value, ["mode", "belowPercent", "minCalls", "honor"], { heed: 'write "honor", its new name' });
  const below = check.integer(join(path, "belowPercent"), fields["belowPercent"], { min: 1, max: 95, fallback: 50, unit: "%" });
  return {
    mode: check.oneOf(join(path, "mode"), fields["mode"], MODES, "enforce"),
    honor: check.oneOf(join(path, "honor"), fields["honor"], MODES, "enforce"),
    factor: 100 / below,
    minCalls: check.integer(join(path, "minCalls"), fields["minCalls"], { min: 1, max: 100_000, fallback: 50, unit: "calls" }),
  };
}

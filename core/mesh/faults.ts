// Faults that a service injects into its own calls on purpose, to test what its callers do then: delays and errors.
// @see Envoy, HTTP fault filter: percentages, and a cap on active faults
import { type MethodPattern, methodsNamed } from "./method-pattern.ts";

/** Codes by which a call may end. A success is none of them. */
export const FAULT_CODES = [
  ...["canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied"],
  ...["resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss"],
  "unauthenticated",
];
/** Longest delay, ms. */
export const MAX_DELAY_MS = 60_000;
/** Calls of an isolate that may be delayed at the same time, by default. */
const MAX_ACTIVE = 100;
const MAX_RULES = 100;

export interface FaultRule {
  /** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
  readonly methods: readonly MethodPattern[];
  /** Share of the calls, in (0, 100]. */
  readonly percent: number;
  /** Pause before the call, ms, in [1, 60 000]; it counts within the deadline of the call. */
  readonly delayMs?: number;
  /** Connect code with which the call ends, after the delay if there is one: `unavailable`. */
  readonly code?: string;
}

export interface FaultOptions {
  readonly rules: readonly FaultRule[];
  /** Calls of an isolate that may be delayed at the same time; further ones get no fault. 100 by default. */
  readonly maxActive?: number;
  /** The same seed gives the same faults in the same order of calls. Without it they are random. */
  readonly seed?: number;
}

/** The fault of one call. */
export interface Fault {
  readonly delayMs: number; // 0 for none
  readonly code: string | undefined; // undefined: the call goes on
}

/** Faults by method, and the cap. */
export interface FaultPlan {
  readonly byMethod: ReadonlyMap<string, readonly (Fault & { readonly percent: number })[]>;
  readonly maxActive: number;
}

/**
 * @param methods the methods of the Worker, `users.v1.UserService/GetUser`
 * @throws Error for options that are written wrongly: path, found value and fix
 */
export function faultPlan({ rules, maxActive = MAX_ACTIVE }: FaultOptions, methods: readonly string[]): FaultPlan {
  if (!Array.isArray(rules) || rules.length > MAX_RULES) throw new Error(`faults.rules: write a list of at most ${MAX_RULES} rules`);
  requireWithin(maxActive, 1, 10_000, "faults.maxActive");
  const byMethod = new Map<string, (Fault & { percent: number })[]>();
  for (const [index, rule] of (rules as readonly FaultRule[]).entries()) {
    const path = `faults.rules[${index}]`;
    const fault = { ...checked(rule, path), percent: rule.percent };
    for (const method of methodsNamed(rule.methods, methods, `${path}.methods`)) {
      byMethod.set(method, [...(byMethod.get(method) ?? []), fault]);
    }
  }
  return { byMethod, maxActive };
}

/**
 * The fault of a call: of its rules, in their order, the first one that draws it.
 *
 * @param random numbers in [0, 1), one for each rule
 */
export function drawFault({ byMethod }: FaultPlan, method: string, random: () => number): Fault | undefined {
  return byMethod.get(method)?.find(({ percent }) => random() * 100 < percent);
}

/** Numbers in [0, 1), the same for the same seed. @see mulberry32 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function checked({ methods, percent, delayMs = 0, code }: FaultRule, path: string): Fault {
  if (!Array.isArray(methods) || methods.length === 0) throw new Error(`${path}.methods: write a list of methods, SERVICE/METHOD`);
  if (typeof percent !== "number" || !(percent > 0 && percent <= 100)) {
    throw new Error(`${path}.percent: found ${String(percent)}; write a number above 0, at most 100`);
  }
  if (delayMs !== 0) requireWithin(delayMs, 1, MAX_DELAY_MS, `${path}.delayMs`);
  if (code !== undefined && !FAULT_CODES.includes(code)) {
    throw new Error(`${path}.code: found "${code}"; write one of ${FAULT_CODES.join(", ")}`);
  }
  if (delayMs === 0 && code === undefined) throw new Error(`${path}: found no fault; write delayMs, code, or both`);
  return { delayMs, code };
}

function requireWithin(value: unknown, min: number, max: number, path: string): void {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return;
  throw new Error(`${path}: found ${String(value)}; write a whole number from ${min} to ${max}`);
}

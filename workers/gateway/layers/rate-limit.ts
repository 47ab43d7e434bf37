// Charges the call to its token buckets: all of them allow it, or none is charged. A rule that only reports for the caller is charged, too.

import { waitUntil } from "cloudflare:workers";
import type { Cost } from "../../../core/config/cost.ts";
import { join } from "../../../core/config/problems.ts";
import { needsMessage, type RateLimitRule } from "../../../core/config/rate-limit.ts";
import type { TraceRecorder } from "../../../core/explain/trace-recorder.ts";
import { boundedCost } from "../../../core/rate-limit/cost.ts";
import { rateLimitHeaders } from "../../../core/rate-limit/ratelimit-headers.ts";
import { Rejected } from "../../../core/rejection.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import { Enforcer } from "../call/enforcer.ts";
import { type Handler, type Layer, needsWholeBody } from "../call/layer.ts";
import type { Call, MessageCharge } from "../call.ts";
import { chooseBucket, fieldsOf, type MessageFields } from "../rate-limit/bucket-choice.ts";
import { type Charged, type Charging, correct, type Limiters, quotasOf, takeAll } from "../rate-limit/charging.ts";
import { limitKeys } from "../rate-limit/limit-keys.ts";
import type { Charge } from "../rate-limit/rate-limiter.ts";

export interface RateLimitSettings {
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost; // tokens of a call, under each rule
  readonly messageCost?: number; // tokens of each further message of a request stream; undefined for plain HTTP
}

const NO_CHARGES: readonly Charge[] = [];
/** Charges of one rule that only reports: all of them are taken, or none. */
type Reported = readonly Charge[];
const NO_REPORTS: readonly Reported[] = [];

/** What a call is charged. */
interface Charges {
  readonly enforced: readonly Charge[];
  readonly reported: readonly Reported[]; // under rules that only report for the caller
}

/** Most calls have one charge: a list that grows would take room for more. */
function added(charges: readonly Charge[], charge: Charge): readonly Charge[] {
  return charges.length === 0 ? [charge] : [...charges, charge];
}

/** What the charges of a route are decided with. */
interface RouteLimiters {
  readonly limiters: Limiters;
  readonly enforcers: ReadonlyMap<string, Enforcer>; // keyed by the name of a rule; its ceiling has the same one
}

/** For rules that know all they need before the body of the request is read. */
export function rateLimitWithoutMessage(limiters: Limiters, settings: RateLimitSettings): Layer | undefined {
  return needsMessage(settings.rateLimits, settings.cost) ? undefined : rateLimit(limiters, settings);
}

/** For rules that look into the message, or whose cost depends on it. */
export function rateLimitByMessage(limiters: Limiters, settings: RateLimitSettings): Layer | undefined {
  return needsMessage(settings.rateLimits, settings.cost) ? rateLimit(limiters, settings) : undefined;
}

function rateLimit(limiters: Limiters, { rateLimits: rules, cost, messageCost = 0 }: RateLimitSettings): Layer | undefined {
  if (rules.length === 0) return undefined;
  const readsMessage = needsMessage(rules, cost);
  const limits = { limiters, enforcers: enforcersOf(rules) };
  const layer: Layer = (next) => (call) => {
    const message = readsMessage ? fieldsOf(call.message()) : undefined;
    const charges = chargesOf(rules, call, message, cost.kind === "message" ? costOf(cost, message) : cost.tokens);
    if (call.trace !== undefined) noteCharges(call.trace, charges, cost.kind === "fixed" ? "cost" : "tokens");
    const outcome = takeAll(limiters, charges.enforced, call.deadlineAt); // a lease with tokens decides at once
    return outcome instanceof Promise
      ? afterWait(outcome).then((decided) => proceed(next, call, charges, decided))
      : proceed(next, call, charges, outcome);
  };
  // Refuses at once, without a promise: `pass` is one.
  const proceed = (next: Handler, call: Call, charges: Charges, outcome: Charging): Promise<Response> => {
    if (outcome instanceof Rejected) refuse(limits, outcome, charges.enforced, call);
    return pass(next, call, charges, outcome);
  };
  const pass = async (next: Handler, call: Call, { enforced, reported }: Charges, charged: readonly Charged[]): Promise<Response> => {
    if (call.trace !== undefined) noteDecisions(call.trace, charged);
    countAllowed(limits, charged, call);
    const taken = reported === NO_REPORTS ? undefined : reported.map((charges) => report(limits, charges, call));
    if (messageCost > 0) call.chargeMessages = messageCharge(limits, call, enforced, reported, messageCost);

    const response = await next(call);
    for (const [name, value] of rateLimitHeaders(quotasOf(charged))) response.headers.set(name, value);
    if (cost.kind === "response") {
      const stated = response.headers.get(cost.header);
      correct(limiters, enforced, cost, stated);
      for (const charges of taken ?? []) waitUntil(charges.then((all) => correct(limiters, all, cost, stated)));
    }
    return response;
  };
  return readsMessage ? needsWholeBody(layer) : layer;
}

/** What a call is charged under its rules. @param tokens of the call, under each rule */
function chargesOf(rules: readonly RateLimitRule[], call: Call, message: MessageFields, tokens: number): Charges {
  let enforced = NO_CHARGES;
  let reported = NO_REPORTS;
  for (const rule of rules) {
    const caller = chooseBucket(rule, call, message);
    if (caller === undefined) continue;
    const { key, limit, isEnforced, ceiling } = caller;
    let charges = isEnforced ? enforced : NO_CHARGES;
    charges = added(charges, { rule, key, limit, cost: Math.min(tokens, limit.capacity), isCeiling: false });
    if (ceiling !== undefined) charges = added(charges, { ...ceiling, cost: Math.min(tokens, ceiling.limit.capacity), isCeiling: true });
    if (isEnforced) enforced = charges;
    else reported = [...reported, charges];
  }
  return { enforced, reported };
}

async function afterWait(outcome: Promise<Charging>): Promise<Charging> {
  const startedAt = Date.now();
  try {
    return await outcome;
  } finally {
    recordDelay("limiter", startedAt);
  }
}

function enforcersOf(rules: readonly RateLimitRule[]): ReadonlyMap<string, Enforcer> {
  const enforcers = new Map<string, Enforcer>();
  for (const { name, enforcement, ceiling } of rules) {
    const enforcer = new Enforcer("rate_limit", name, enforcement);
    enforcers.set(name, enforcer);
    if (ceiling !== undefined) enforcers.set(ceiling.rule.name, enforcer);
  }
  return enforcers;
}

/** The ceiling of an address is a part of its rule, and counts with it. */
function countAllowed({ enforcers }: RouteLimiters, charged: readonly Charged[], call: Call): void {
  for (const { charge } of charged) {
    if (charge.isCeiling) continue;
    enforcers.get(charge.rule.name)!.allowed(call);
    limitKeys.count(charge, false);
  }
}

/** Counts one refusal a call, of the rule that the caller reads. @throws Rejected always */
function refuse({ enforcers }: RouteLimiters, rejected: Rejected, charges: readonly Charge[], call: Call): never {
  const { rejection } = rejected;
  if ("rule" in rejection) {
    enforcers.get(rejection.rule)?.refused(call);
    const charge = charges.find(({ rule, isCeiling }) => rule.name === rejection.rule && !isCeiling);
    if (charge !== undefined) limitKeys.count(charge, true);
  }
  throw rejected;
}

/** @param costName of the tokens that the call takes: those of a setting, or of the call */
function noteCharges(trace: TraceRecorder, { enforced, reported }: Charges, costName: string): void {
  for (const { rule, limit, cost, isCeiling } of [...enforced, ...reported.flat()]) {
    const at = join("rateLimits", rule.name);
    if (!isCeiling) trace.note("rate-limit", { [`${at}.capacity`]: limit.capacity, [`${at}.rate`]: limit.rate, [costName]: cost });
  }
}

function noteDecisions(trace: TraceRecorder, charged: readonly Charged[]): void {
  for (const { charge, decision } of charged) {
    const name = charge.isCeiling ? `${charge.rule.name} per address` : charge.rule.name;
    trace.note("rate-limit", { [`${name} remaining`]: decision?.remaining ?? null });
  }
}

/** Charges messages to the buckets of their call. Where a bucket cannot hold the tokens of all of them, it is charged in steps. */
function messageCharge(
  limits: RouteLimiters,
  call: Call,
  enforced: readonly Charge[],
  reported: readonly Reported[],
  cost: number,
): MessageCharge {
  return async (messages) => {
    for (const charges of reported) for (const step of stepsOf(charges, messages * cost)) void report(limits, step, call);
    for (const step of stepsOf(enforced, messages * cost)) {
      const outcome = await takeAll(limits.limiters, step, call.deadlineAt);
      if (outcome instanceof Rejected) refuse(limits, outcome, enforced, call);
      countAllowed(limits, outcome, call);
    }
  };
}

/** @param tokens of all messages; a step has as many of them as the smallest bucket holds */
function* stepsOf(charges: readonly Charge[], tokens: number): Generator<readonly Charge[]> {
  if (charges.length === 0) return;
  const most = Math.min(...charges.map(({ limit }) => limit.capacity));
  for (let left = tokens; left > 0; left -= most) yield charges.map((charge) => ({ ...charge, cost: Math.min(left, most) }));
}

/** The highest cost where the operator's function throws, or returns no valid number. */
function costOf({ of, max }: Cost & { kind: "message" }, message: object | undefined): number {
  try {
    return boundedCost(message === undefined ? Number.NaN : of(message as Readonly<Record<string, unknown>>), max);
  } catch {
    return max;
  }
}

/**
 * Charges the call under a rule that only reports for its caller: the same buckets, and the same tokens. Never delays the call, and never
 * fails it.
 *
 * @returns what has been taken: nothing where the rule would refuse. Never rejects
 */
function report({ limiters, enforcers }: RouteLimiters, charges: Reported, call: Call): Promise<Reported> {
  const { name } = charges[0]!.rule;
  const enforcer = enforcers.get(name)!;
  const decide = async (): Promise<Reported> => {
    try {
      const outcome = await takeAll(limiters, charges, call.deadlineAt);
      if (outcome instanceof Rejected) throw outcome;
      enforcer.allowed(call);
      return charges;
    } catch (error) {
      enforcer.reported(call, reasonOf(error, name));
      return NO_CHARGES;
    }
  };
  const decided = decide();
  waitUntil(decided);
  return decided;
}

function reasonOf(error: unknown, rule: string): string {
  const rejection = error instanceof Rejected ? error.rejection : undefined;
  if (rejection?.kind === "rate_limited") return rejection.rule === rule ? "limit is reached" : "limit of the address is reached";
  return rejection?.kind === "limiter_unavailable" ? "bucket cannot be reached" : "limiter failed";
}

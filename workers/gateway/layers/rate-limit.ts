// Charges the call to its token buckets: all of them allow it, or none is charged. Buckets of the isolate and leases decide at once;
// requests to Durable Objects are sent last.

import { waitUntil } from "cloudflare:workers";
import type { Cost } from "../../../core/config/cost.ts";
import { needsMessage, type RateLimitRule } from "../../../core/config/rate-limit.ts";
import { boundedCost } from "../../../core/rate-limit/cost.ts";
import { rateLimitHeaders } from "../../../core/rate-limit/ratelimit-headers.ts";
import { type BucketDecision, fillTimeMs } from "../../../core/rate-limit/token-bucket.ts";
import { type Quota, Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { type Call, logFactsOf, type MessageCharge } from "../call.ts";
import { chooseBucket, fieldsOf } from "../rate-limit/bucket-choice.ts";
import type { BucketDecisions, Charge, RateLimiter } from "../rate-limit/rate-limiter.ts";

export interface RateLimitSettings {
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost; // tokens of a call, under each rule
  readonly messageCost?: number; // tokens of each further message of a request stream; undefined for plain HTTP
}

export type Limiters = Readonly<Record<"local" | "leased" | "exact", RateLimiter>>;

/** Retry-After of a rule that fails closed while its bucket cannot be reached. */
const RETRY_UNREACHABLE_MS = 1000;
const LIMITER_OF = { local: "local", auto: "leased", leased: "leased", exact: "exact" } as const;
const ORDER = ["local", "leased", "exact"] as const; // limiters that wait for a Durable Object come last

const NO_CHARGES: readonly Charge[] = [];

/** Most calls have one charge: a list that grows would take room for more. */
function added(charges: readonly Charge[], charge: Charge): readonly Charge[] {
  return charges.length === 0 ? [charge] : [...charges, charge];
}

interface Charged {
  readonly charge: Charge;
  readonly decision: BucketDecision | undefined;
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
  const layer: Layer = (next) => async (call) => {
    const message = readsMessage ? fieldsOf(call.message()) : undefined;
    const tokens = cost.kind === "message" ? costOf(cost, message) : cost.tokens;
    let enforced = NO_CHARGES;
    let reported = NO_CHARGES;
    for (const rule of rules) {
      const caller = chooseBucket(rule, call, message);
      if (caller === undefined) continue;
      const { key, limit, isEnforced, ceiling } = caller;
      let charges = isEnforced ? enforced : reported;
      charges = added(charges, { rule, key, limit, cost: Math.min(tokens, limit.capacity), isCeiling: false });
      if (ceiling !== undefined) charges = added(charges, { ...ceiling, cost: Math.min(tokens, ceiling.limit.capacity), isCeiling: true });
      if (isEnforced) enforced = charges;
      else reported = charges;
    }
    const charging = takeAll(limiters, enforced, call.deadlineAt);
    const charged = charging instanceof Promise ? await charging : charging; // a lease with tokens decides at once
    for (const charge of reported) report(limiters, charge, call);
    if (messageCost > 0) call.chargeMessages = messageCharge(limiters, call, enforced, reported, messageCost);

    const response = await next(call);
    for (const [name, value] of rateLimitHeaders(quotasOf(charged))) response.headers.set(name, value);
    if (cost.kind === "response") correct(limiters, [...enforced, ...reported], cost, response.headers.get(cost.header));
    return response;
  };
  return readsMessage ? needsWholeBody(layer) : layer;
}

/** Charges messages to the buckets of their call. Where a bucket cannot hold the tokens of all of them, it is charged in steps. */
function messageCharge(
  limiters: Limiters,
  call: Call,
  enforced: readonly Charge[],
  reported: readonly Charge[],
  cost: number,
): MessageCharge {
  const step = Math.min(...enforced.map(({ limit }) => limit.capacity));
  const withCost = (charge: Charge, tokens: number): Charge => ({ ...charge, cost: Math.min(tokens, charge.limit.capacity) });
  return async (messages) => {
    const tokens = messages * cost;
    for (const charge of reported) report(limiters, withCost(charge, tokens), call);
    for (let left = tokens; left > 0; left -= step) {
      const charges = enforced.map((charge) => withCost(charge, Math.min(left, step)));
      await takeAll(limiters, charges, call.deadlineAt);
    }
  };
}

/** The highest cost where the operator's function throws, or returns no valid number. */
function costOf({ of, max }: Cost & { kind: "message" }, message: object | undefined): number {
  try {
    return boundedCost(message === undefined ? Number.NaN : of(message as Readonly<Record<string, unknown>>), max);
  } catch {
    return max;
  }
}

/** @throws Rejected when a bucket refuses, or cannot be reached under a rule that fails closed */
function takeAll(limiters: Limiters, charges: readonly Charge[], deadlineAt: number): Charged[] | Promise<Charged[]> {
  if (charges.length !== 1) return takeEach(limiters, charges, deadlineAt);
  const charging = limiters[LIMITER_OF[charges[0]!.rule.mode]].take(charges, deadlineAt);
  if (charging instanceof Promise) return charging.then((decisions) => settled(limiters, [], charges, decisions));
  return settled(limiters, [], charges, charging);
}

/** One limiter after the other, without a wait where each decides at once. @param from position in `ORDER` */
function takeEach(
  limiters: Limiters,
  charges: readonly Charge[],
  deadlineAt: number,
  from = 0,
  before: readonly Charged[] = [],
): Charged[] | Promise<Charged[]> {
  const charged = [...before];
  for (const [position, kind] of ORDER.entries()) {
    if (position < from) continue;
    const group = charges.filter(({ rule }) => LIMITER_OF[rule.mode] === kind);
    if (group.length === 0) continue;
    const taking = limiters[kind].take(group, deadlineAt);
    if (taking instanceof Promise) {
      return taking.then((decisions) => {
        charged.push(...settled(limiters, charged, group, decisions));
        return takeEach(limiters, charges, deadlineAt, position + 1, charged);
      });
    }
    charged.push(...settled(limiters, charged, group, taking));
  }
  return charged;
}

/** The charges of a limiter. Where one of them is refused, all go back, with what other limiters have taken before. */
function settled(limiters: Limiters, before: readonly Charged[], group: readonly Charge[], decisions: BucketDecisions): Charged[] {
  const now = group.map((charge, index): Charged => ({ charge, decision: decisions[index] }));
  let unreachable: RateLimitRule | undefined;
  let isRefused = false;
  for (const { charge, decision } of now) {
    if (decision?.kind === "refused") isRefused = true;
    else if (decision === undefined && charge.rule.fail !== "open") unreachable ??= charge.rule;
  }
  if (!isRefused && unreachable === undefined) return now;
  for (const one of isRefused ? before : [...before, ...now]) returnTokens(limiters, one);
  throw refusal(now, unreachable);
}

function returnTokens(limiters: Limiters, { charge, decision }: Charged): void {
  if (decision !== undefined) limiters[LIMITER_OF[charge.rule.mode]].returnTokens([charge]);
}

/** Logs a charge that would have been refused. Never delays the call. */
function report(limiters: Limiters, charge: Charge, call: Call): void {
  const log = ([decision]: BucketDecisions): void => {
    if (decision?.kind !== "refused") return;
    logEvent("rate_limit_would_refuse", { ...logFactsOf(call), rule: charge.rule.name });
  };
  const decisions = limiters[LIMITER_OF[charge.rule.mode]].take([charge], call.deadlineAt);
  if (decisions instanceof Promise) waitUntil(decisions.then(log));
  else log(decisions);
}

/** Corrects the estimated charges by the cost that the response reports. A response without that header changes nothing. */
function correct(limiters: Limiters, charges: readonly Charge[], cost: Cost & { kind: "response" }, found: string | null): void {
  if (found === null) return;
  const actual = /^\d{1,10}(\.\d{1,6})?$/.test(found) ? Math.min(cost.max, Math.ceil(Number(found))) : cost.max;
  for (const charge of charges) {
    const more = actual - charge.cost;
    const limiter = limiters[LIMITER_OF[charge.rule.mode]];
    if (more > 0) limiter.overdraw([{ ...charge, cost: more }]);
    if (more < 0) limiter.returnTokens([{ ...charge, cost: -more }]);
  }
}

/**
 * Of several refusals, the one with the longest wait.
 *
 * @param unreachable the rule whose bucket could not be reached, where no bucket has refused
 */
function refusal(charged: readonly Charged[], unreachable: RateLimitRule | undefined): Rejected {
  const refused = charged.flatMap((one) => (one.decision?.kind === "refused" ? [{ ...one, decision: one.decision }] : []));
  const longest = refused.toSorted((a, b) => b.decision.retryAfterMs - a.decision.retryAfterMs)[0];
  if (longest === undefined)
    return new Rejected({ kind: "limiter_unavailable", rule: unreachable!.name, retryAfterMs: RETRY_UNREACHABLE_MS });
  const { retryAfterMs } = longest.decision;
  return new Rejected({ kind: "rate_limited", rule: longest.charge.rule.name, retryAfterMs, quotas: quotasOf(refused) });
}

/** The quotas that the RateLimit headers report. A bucket that did not respond is left out. */
function quotasOf(charged: readonly Charged[]): Quota[] {
  if (charged.length === 1) return isShown(charged[0]!) ? [quotaOf(charged[0]!)] : [];
  return charged.filter(isShown).map(quotaOf);
}

/** A charge that a bucket has decided. */
type Decided = Charged & { readonly decision: BucketDecision };

function isShown(one: Charged): one is Decided {
  return one.decision !== undefined && !(one.charge.isCeiling && one.decision.kind === "allowed");
}

function quotaOf({ charge: { rule, limit }, decision: { remaining, nextMs } }: Decided): Quota {
  return { rule: rule.name, capacity: limit.capacity, windowMs: fillTimeMs(limit), remaining, nextMs };
}

// Takes the charges of one call from their buckets: all of them, or none. Buckets of the isolate and leases decide at once; requests to
// Durable Objects are sent last.
import type { Cost } from "../../../core/config/cost.ts";
import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import { type BucketDecision, fillTimeMs } from "../../../core/rate-limit/token-bucket.ts";
import { type Quota, Rejected } from "../../../core/rejection.ts";
import type { BucketDecisions, Charge, RateLimiter } from "./rate-limiter.ts";

export type Limiters = Readonly<Record<"local" | "leased" | "exact", RateLimiter>>;

/** Retry-After of a rule that fails closed while its bucket cannot be reached. */
const RETRY_UNREACHABLE_MS = 1000;
const LIMITER_OF = { local: "local", auto: "leased", leased: "leased", exact: "exact" } as const;
const ORDER = ["local", "leased", "exact"] as const; // limiters that wait for a Durable Object come last

export interface Charged {
  readonly charge: Charge;
  readonly decision: BucketDecision | undefined;
}

/** What came of the charges of a call; or why it is refused. That is returned, since to throw takes longer than to decide. */
export type Charging = Charged[] | Rejected;

/** @returns Rejected when a bucket refuses, or cannot be reached under a rule that fails closed */
export function takeAll(limiters: Limiters, charges: readonly Charge[], deadlineAt: number): Charging | Promise<Charging> {
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
): Charging | Promise<Charging> {
  const charged = [...before];
  for (const [position, kind] of ORDER.entries()) {
    if (position < from) continue;
    const group = charges.filter(({ rule }) => LIMITER_OF[rule.mode] === kind);
    if (group.length === 0) continue;
    const taking = limiters[kind].take(group, deadlineAt);
    if (taking instanceof Promise) {
      return taking.then((decisions) => {
        const outcome = settled(limiters, charged, group, decisions);
        return outcome instanceof Rejected ? outcome : takeEach(limiters, charges, deadlineAt, position + 1, [...charged, ...outcome]);
      });
    }
    const outcome = settled(limiters, charged, group, taking);
    if (outcome instanceof Rejected) return outcome;
    charged.push(...outcome);
  }
  return charged;
}

/** The charges of a limiter. Where one of them is refused, all go back, with what other limiters have taken before. */
function settled(limiters: Limiters, before: readonly Charged[], group: readonly Charge[], decisions: BucketDecisions): Charging {
  const now = group.map((charge, index): Charged => ({ charge, decision: decisions[index] }));
  let unreachable: RateLimitRule | undefined;
  let refuses = false;
  for (const one of now) {
    if (isRefused(one)) refuses = true;
    else if (one.decision === undefined && one.charge.rule.fail !== "open") unreachable ??= one.charge.rule;
  }
  if (!refuses && unreachable === undefined) return now;
  for (const one of refuses ? before : [...before, ...now]) returnTokens(limiters, one);
  return refusal(now, unreachable);
}

function returnTokens(limiters: Limiters, { charge, decision }: Charged): void {
  if (decision !== undefined) limiters[LIMITER_OF[charge.rule.mode]].returnTokens([charge]);
}

/** Corrects the estimated charges by the cost that the response reports. A response without that header changes nothing. */
export function correct(limiters: Limiters, charges: readonly Charge[], cost: Cost & { kind: "response" }, found: string | null): void {
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
  const refused = charged.filter(isRefused);
  let longest = refused[0];
  for (const one of refused) if (one.decision.retryAfterMs > longest!.decision.retryAfterMs) longest = one;
  if (longest === undefined)
    return new Rejected({ kind: "limiter_unavailable", rule: unreachable!.name, retryAfterMs: RETRY_UNREACHABLE_MS });
  const { retryAfterMs } = longest.decision;
  return new Rejected({ kind: "rate_limited", rule: longest.charge.rule.name, retryAfterMs, quotas: quotasOf(refused) });
}

/** The quotas that the RateLimit headers report. A bucket that did not respond is left out. */
export function quotasOf(charged: readonly Charged[]): Quota[] {
  if (charged.length === 1) return isShown(charged[0]!) ? [quotaOf(charged[0]!)] : [];
  return charged.filter(isShown).map(quotaOf);
}

/** A charge that a bucket has decided. */
type Decided = Charged & { readonly decision: BucketDecision };
type Refused = Charged & { readonly decision: BucketDecision & { readonly kind: "refused" } };

function isRefused(one: Charged): one is Refused {
  return one.decision?.kind === "refused";
}

function isShown(one: Charged): one is Decided {
  return one.decision !== undefined && !(one.charge.isCeiling && one.decision.kind === "allowed");
}

function quotaOf({ charge: { rule, limit }, decision: { remaining, nextMs } }: Decided): Quota {
  return { rule: rule.name, capacity: limit.capacity, windowMs: fillTimeMs(limit), remaining, nextMs };
}

// The ceiling of an address beside a rate-limit rule whose keys callers choose: without it each made-up key is a new, full bucket.
import { type BucketLimit, MAX_CREDIT } from "../rate-limit/token-bucket.ts";

/** What a rule admits. */
interface Limits {
  readonly name: string;
  readonly limit: BucketLimit;
  readonly tiers: { readonly plans: ReadonlyMap<string, BucketLimit> } | undefined;
}

/** What one address may use up of a rule in an isolate, whatever keys its calls bring. */
export interface Ceiling<Rule> {
  readonly rule: Rule; // counts by address
  readonly plans: ReadonlyMap<string, BucketLimit>; // limits by the name of a plan
}

/**
 * @param callers   how many times the limit of one caller an address may use up
 * @param byAddress what the rule of the ceiling has different
 */
export function ceilingOf<Rule extends Limits>(rule: Rule, callers: number, byAddress: Partial<Rule>): Ceiling<Rule> {
  const plans = [...(rule.tiers?.plans ?? [])].map(([plan, limit]) => [plan, timesLimit(limit, callers)] as const);
  const limits = { name: `${rule.name}.address`, limit: timesLimit(rule.limit, callers), tiers: undefined };
  return { rule: { ...rule, ...byAddress, ...limits }, plans: new Map(plans) };
}

/** At most what keeps the arithmetic of a bucket exact. */
function timesLimit({ capacity, rate, intervalMs, compat }: BucketLimit, times: number): BucketLimit {
  const most = Math.floor(MAX_CREDIT / intervalMs);
  const limit = { capacity: Math.min(most, capacity * times), rate: Math.min(most, rate * times), intervalMs };
  return compat === undefined ? limit : { ...limit, compat };
}

// Charges the call to its token buckets: all of them allow it, or none is charged. Leased ones answer without being asked; the
// exact ones are asked once a call.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { callerOf } from "../../../core/ip.ts";
import { rateLimitFields } from "../../../core/limit/fields.ts";
import type { RateLimitRule } from "../../../core/limit/rule.ts";
import { fillTimeMs, type Verdict } from "../../../core/limit/token-bucket.ts";
import { type Quota, Rejected } from "../../../core/rejection.ts";
import type { Charge, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import type { Layer } from "../call.ts";
import type { Leases } from "../leases.ts";

export interface RateLimitSettings {
  readonly rules: readonly RateLimitRule[];
  readonly cost: number; // tokens a call takes under each rule
  readonly shards: number;
  readonly principalHeader: string | undefined;
}

/** What is told to callers of a rule that fails closed, while its bucket can't be asked. */
const RETRY_UNREACHABLE_MS = 1000;

export function rateLimit(buckets: DurableObjectNamespace<TokenBucket>, leases: Leases, settings: RateLimitSettings): Layer {
  const { cost, shards } = settings;
  const leased = settings.rules.filter(({ mode }) => mode === "leased");
  const exact = settings.rules.filter(({ mode }) => mode === "exact");
  const rules = [...leased, ...exact];
  return (next) => async (call) => {
    const charges = rules.map((rule): Charge => {
      const key = `${rule.name}/${callerUnder(rule, call.request.headers, settings.principalHeader)}`;
      return { key, limit: rule.limit, cost };
    });
    const held = leased.length === 0 ? [] : (spendHeld(leases, leased, charges) ?? (await obtain(leases, leased, charges)));
    const verdicts = [...held, ...(exact.length === 0 ? [] : await askExact())];
    const quotas = rules.flatMap((rule, index) => quotaOf(rule, verdicts[index]));

    async function askExact(): Promise<(Verdict | undefined)[]> {
      try {
        return await take(buckets, exact, charges.slice(leased.length), shards);
      } catch (error) {
        for (const [index] of leased.entries()) if (held[index] !== undefined) leases.putBack(charges[index]!);
        throw error;
      }
    }

    const response = await next(call);
    for (const [name, value] of rateLimitFields(quotas)) response.headers.set(name, value);
    return response;
  };
}

/** Whom a bucket belongs to. Callers that a rule can't name are counted by address, apart from those it can. */
function callerUnder({ key }: RateLimitRule, headers: Headers, principalHeader: string | undefined): string {
  const header = key.kind === "header" ? key.header : key.kind === "principal" ? principalHeader : undefined;
  const name = header === undefined ? null : headers.get(header);
  return name === null || name === "" ? `ip:${callerOf(headers.get("cf-connecting-ip"))}` : `${key.kind}:${bounded(name)}`;
}

/** A key that callers choose is kept short: storage grows with it. */
function bounded(name: string): string {
  return name.length <= 128 ? name : `${name.slice(0, 96)}#${hash32(name)}`;
}

/** @returns undefined where one of the leases has not enough, and nothing is taken; the way of a warm call, which waits for nothing */
function spendHeld(leases: Leases, rules: readonly RateLimitRule[], charges: readonly Charge[]): Verdict[] | undefined {
  const spent = rules.map((_, index) => leases.spend(charges[index]!));
  if (spent.every(({ kind }) => kind === "spent")) return rules.map((_, index) => heldVerdict(leases, charges[index]!));
  for (const [index, { kind }] of spent.entries()) if (kind === "spent") leases.putBack(charges[index]!);
  return undefined;
}

/** @throws Rejected when a bucket refuses, or can't be asked under a rule that fails closed */
async function obtain(leases: Leases, rules: readonly RateLimitRule[], charges: readonly Charge[]): Promise<(Verdict | undefined)[]> {
  const answers = await Promise.all(rules.map((rule, index) => leases.obtain(charges[index]!, rule.waitMs)));
  const refused = answers.findIndex((answer) => answer?.kind === "refused");
  const silent = rules.findIndex((rule, index) => answers[index] === undefined && rule.fail === "closed");
  const verdicts = answers.map((answer, index) => {
    if (answer?.kind !== "refused") return answer === undefined ? undefined : heldVerdict(leases, charges[index]!);
    const { retryAfterMs } = answer;
    return { kind: "refused" as const, remaining: leases.remaining(charges[index]!), nextMs: retryAfterMs, retryAfterMs };
  });
  if (refused < 0 && silent < 0) return verdicts;
  for (const [index, answer] of answers.entries()) if (answer?.kind === "spent") leases.putBack(charges[index]!);
  throw refusal(rules, verdicts, silent);
}

/** `remaining` is what this isolate may promise by itself: less than what the whole bucket has. */
function heldVerdict(leases: Leases, charge: Charge): Verdict {
  return { kind: "allowed", remaining: leases.remaining(charge), nextMs: 0 };
}

/** @throws Rejected when a bucket refuses, or can't be asked under a rule that fails closed */
async function take(
  buckets: DurableObjectNamespace<TokenBucket>,
  rules: readonly RateLimitRule[],
  charges: readonly Charge[],
  shards: number,
): Promise<(Verdict | undefined)[]> {
  const byShard = Map.groupBy(charges.keys(), (index) => hash32(charges[index]!.key) % shards);
  const verdicts: (Verdict | undefined)[] = charges.map(() => undefined);
  const groups = [...byShard].map(([shard, indexes]) => ({ object: () => buckets.getByName(`shard-${shard}`), indexes }));

  await Promise.all(
    groups.map(async ({ object, indexes }) => {
      const waitMs = Math.min(...indexes.map((index) => rules[index]!.waitMs));
      const answer = await within(waitMs, () => object().take(indexes.map((index) => charges[index]!)));
      for (const [at, index] of indexes.entries()) verdicts[index] = answer?.[at];
    }),
  );

  const refused = verdicts.findIndex((verdict) => verdict?.kind === "refused");
  const silent = rules.findIndex((rule, index) => verdicts[index] === undefined && rule.fail === "closed");
  if (refused < 0 && silent < 0) return verdicts;

  // What other objects took for a call that will not be made goes back, behind the answer.
  for (const { object, indexes } of groups) {
    const taken = indexes.filter((index) => verdicts[index]?.kind === "allowed");
    if (taken.length === indexes.length)
      waitUntil(
        object()
          .giveBack(taken.map((index) => charges[index]!))
          .catch(() => undefined),
      );
  }
  throw refusal(rules, verdicts, silent);
}

/** Of several refusals the longest is told. @param silent the rule that fails closed, where none has refused */
function refusal(rules: readonly RateLimitRule[], verdicts: readonly (Verdict | undefined)[], silent: number): Rejected {
  const refusals = verdicts.map((verdict) => (verdict?.kind === "refused" ? verdict.retryAfterMs : 0));
  const retryAfterMs = Math.max(...refusals);
  if (retryAfterMs === 0)
    return new Rejected({ kind: "limiter_unavailable", rule: rules[silent]!.name, retryAfterMs: RETRY_UNREACHABLE_MS });
  const rule = rules[refusals.indexOf(retryAfterMs)]!.name;
  const quotas = rules.flatMap((one, index) => (refusals[index]! > 0 ? quotaOf(one, verdicts[index]) : []));
  return new Rejected({ kind: "rate_limited", rule, retryAfterMs, quotas });
}

/** @returns what `ask` answers, or undefined when it fails or does not answer in time: a slow limiter is as good as none (W2) */
async function within<T>(waitMs: number, ask: () => Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, waitMs, undefined);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer ?? null);
  }
}

/** Nothing is told of a bucket that did not answer. */
function quotaOf(rule: RateLimitRule, verdict: Verdict | undefined): Quota[] {
  if (verdict === undefined) return [];
  const { remaining, nextMs } = verdict;
  return [{ rule: rule.name, capacity: rule.limit.capacity, windowMs: fillTimeMs(rule.limit), remaining, nextMs }];
}

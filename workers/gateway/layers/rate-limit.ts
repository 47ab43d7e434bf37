// Charges the call to its token buckets. Exact: the buckets are asked once a call, and all of them allow it or none is charged.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { callerOf } from "../../../core/ip.ts";
import { rateLimitFields } from "../../../core/limit/fields.ts";
import type { RateLimitRule } from "../../../core/limit/rule.ts";
import { fillTimeMs, type Verdict } from "../../../core/limit/token-bucket.ts";
import { type Quota, Rejected } from "../../../core/rejection.ts";
import type { Charge, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import type { Layer } from "../call.ts";

export interface RateLimitSettings {
  readonly rules: readonly RateLimitRule[];
  readonly cost: number; // tokens a call takes under each rule
  readonly shards: number;
  readonly principalHeader: string | undefined;
}

/** What is told to callers of a rule that fails closed, while its bucket can't be asked. */
const RETRY_UNREACHABLE_MS = 1000;

export function rateLimit(buckets: DurableObjectNamespace<TokenBucket>, settings: RateLimitSettings): Layer {
  const { rules, cost, shards } = settings;
  return (next) => async (call) => {
    const charges = rules.map((rule): Charge => {
      const key = `${rule.name}/${callerUnder(rule, call.request.headers, settings.principalHeader)}`;
      return { key, limit: rule.limit, cost };
    });
    const verdicts = await take(buckets, rules, charges, shards);
    const quotas = rules.flatMap((rule, index) => quotaOf(rule, verdicts[index]));
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
  if (refused < 0) {
    throw new Rejected({ kind: "limiter_unavailable", rule: rules[silent]!.name, retryAfterMs: RETRY_UNREACHABLE_MS });
  }
  const refusals = verdicts.map((verdict) => (verdict?.kind === "refused" ? verdict.retryAfterMs : 0));
  const retryAfterMs = Math.max(...refusals);
  const rule = rules[refusals.indexOf(retryAfterMs)]!.name;
  const quotas = rules.flatMap((one, index) => (refusals[index]! > 0 ? quotaOf(one, verdicts[index]) : []));
  throw new Rejected({ kind: "rate_limited", rule, retryAfterMs, quotas });
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

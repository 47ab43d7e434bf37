// The limits of the configuration that ships, with their Durable Objects 80 and 160 ms away: what waits, and what passes. Real objects behind
// the network of workers/dev/network.ts; counts, and no measured times.
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checks } from "../../core/config/problems.ts";
import { parseRule, type RateLimitRule } from "../../core/config/rate-limit.ts";
import type { BucketCharge, BucketLeaseRequest, TokenBuckets } from "../../durable-objects/token-buckets.ts";
import { networked } from "../../workers/dev/network.ts";
import { LimiterCounters } from "../../workers/gateway/rate-limit/counters.ts";
import { ExactBuckets } from "../../workers/gateway/rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "../../workers/gateway/rate-limit/leased-buckets.ts";
import type { BucketDecisions, Charge } from "../../workers/gateway/rate-limit/rate-limiter.ts";
import shipped from "../support/shipped/gateway.config.ts";

const ruleOf = (name: "per-caller" | "writes"): RateLimitRule => parseRule(checks(), name, shipped.rateLimits![name], undefined);
const PER_CALLER = ruleOf("per-caller");
const WRITES = ruleOf("writes");
const SHARED = parseRule(checks(), "shared", { key: "all", capacity: 100, rate: 50 }, undefined);

let callers = 0;
const caller = (): string => `ip:2001:db8:${(callers++).toString(16)}::/64`;
const charge = (rule: RateLimitRule, who: string): Charge => ({
  rule,
  key: `${rule.name}/${who}`,
  limit: rule.limit,
  cost: 1,
  isCeiling: false,
});
/** Calls wait for the message, however busy the machine is. */
const patient = (charges: readonly Charge[]): Charge[] => charges.map((one) => ({ ...one, rule: { ...one.rule, waitMs: 60_000 } }));
const read = (who: string): Charge[] => [charge(PER_CALLER, who)];
const write = (who: string): Charge[] => [charge(PER_CALLER, who), charge(WRITES, who)];

const isAllowed = (decisions: BucketDecisions): boolean => decisions.every((decision) => decision?.kind === "allowed");

/**
 * An isolate whose Durable Objects are that far away. Where the machine was so busy that a message took longer than the network needs, calls
 * may have to wait: `isOnTime` says whether none did.
 *
 * @param network as `npm start -- --network` takes it
 */
function isolate(network: string, waitMs = 60_000) {
  const { TOKEN_BUCKET } = networked({ TOKEN_BUCKET: env.TOKEN_BUCKET, TIDEGATE_NETWORK: network });
  let longestMs = 0;
  const timed = async <T>(send: () => PromiseLike<T>): Promise<T> => {
    const since = Date.now();
    const grants = await send();
    longestMs = Math.max(longestMs, Date.now() - since);
    return grants;
  };
  const buckets = {
    getByName(name: string) {
      const stub = TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>;
      return {
        grantLeases: (requests: BucketLeaseRequest[]) => timed(() => stub.grantLeases(requests)),
        take: (charges: BucketCharge[]) => stub.take(charges),
      };
    },
  } as unknown as DurableObjectNamespace<TokenBuckets>;
  const counters = new LimiterCounters();
  const leased = new LeasedBuckets(buckets, 16, 4_000, counters);
  const exact = new ExactBuckets(buckets, 16, counters);
  const take = (charges: readonly Charge[]) => leased.take(charges, Date.now() + waitMs);
  return { take, counters, exact, isOnTime: () => longestMs < 240 };
}

/**
 * Calls at random times, as many a second as given. The clock of the machine decides what is within the limit.
 *
 * @returns how long they took, and how much later than at its time the latest one was made: a machine that stands still for a moment makes
 *   those of that time at once
 */
async function calls(perSecond: number, count: number, call: () => void): Promise<{ elapsedMs: number; latestMs: number }> {
  const since = Date.now();
  let due = since;
  let latestMs = 0;
  for (let n = 0; n < count; n++) {
    due += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
    const early = due - Date.now();
    if (early > 0) await scheduler.wait(early);
    latestMs = Math.max(latestMs, Date.now() - due);
    call();
  }
  return { elapsedMs: Date.now() - since, latestMs };
}

// The shards have to run: the first call of a Durable Object takes long on a busy machine.
beforeAll(async () => {
  const shards = Array.from({ length: 16 }, (_, n) => [`local/shard-${n}`, `root/shard-${n}`]).flat();
  await Promise.all(shards.map((name) => (env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>).take([])));
});
afterAll(() => scheduler.wait(400)); // messages in the background have responded

describe.each(["far", "world"])("with Durable Objects as far as in %s", (network) => {
  it("lets 20 first calls of a new caller pass at once", () => {
    const { take, counters } = isolate(network);
    const who = caller();
    const decisions = Array.from({ length: 20 }, () => take(read(who)));
    expect(decisions.every((one) => !(one instanceof Promise) && isAllowed(one))).toBe(true);
    expect(counters).toMatchObject({ awaitedCalls: 0, debtAdmitted: 20 });
  });

  it("refuses no call within the limit, and lets none wait: 4 callers with 35 calls a second", async () => {
    const { take, counters, isOnTime } = isolate(network);
    const taken: (BucketDecisions | Promise<BucketDecisions>)[] = [];
    const made = await Promise.all(
      Array.from({ length: 4 }, () => {
        const who = caller();
        return calls(35, 70, () => void taken.push(take(read(who))));
      }),
    );
    const refused = (await Promise.all(taken)).filter(([decision]) => decision?.kind === "refused");
    expect(refused).toEqual([]);
    const isMadeOnTime = made.every(({ latestMs }) => latestMs < 50);
    if (isOnTime() && isMadeOnTime)
      expect(counters).toMatchObject({ awaitedCalls: 0, awaitedMessages: 0, passedUndecided: 0, refusedByTimeout: 0 });
  });

  it("admits of a flood from one address no more than the bucket and 25 calls", async () => {
    const { take, isOnTime } = isolate(network);
    const who = caller();
    const taken: (BucketDecisions | Promise<BucketDecisions>)[] = [];
    const { elapsedMs } = await calls(400, 500, () => void taken.push(take(read(who))));
    const decisions = await Promise.all(taken);
    const passed = decisions.filter(([decision]) => decision?.kind !== "refused").length;
    if (isOnTime()) expect(passed).toBeLessThanOrEqual(100 + 25 + (50 * (elapsedMs + 500)) / 1_000); // calls that waited pass a little later
    expect(passed).toBeGreaterThanOrEqual(100);
  });

  it("lets a write wait for one message, and only where no tokens are held", async () => {
    const { take, counters, isOnTime } = isolate(network);
    const who = caller();
    const first = take(patient(write(who)));
    expect(first).toBeInstanceOf(Promise);
    expect(isAllowed(await first)).toBe(true);
    if (isOnTime()) expect(counters).toMatchObject({ awaitedCalls: 1, awaitedMessages: 1 });
  });

  it("lets 20 writes that come together pass after the same few messages", async () => {
    const { take, counters, isOnTime } = isolate(network);
    const who = caller();
    const decisions = await Promise.all(Array.from({ length: 20 }, () => take(patient(write(who)))));
    expect(decisions.every(isAllowed)).toBe(true);
    if (isOnTime()) expect(counters.awaitedMessages).toBeLessThanOrEqual(3);
  });

  it("lets one call of a key that all share pass at once, and the others of a cold isolate wait for one message", async () => {
    const { take, counters, isOnTime } = isolate(network);
    const key = crypto.randomUUID();
    const decisions = Array.from({ length: 20 }, () => take(patient([charge(SHARED, key)])));
    expect(decisions.filter((one) => !(one instanceof Promise))).toHaveLength(1);
    expect((await Promise.all(decisions)).every(isAllowed)).toBe(true);
    if (isOnTime()) expect(counters).toMatchObject({ awaitedCalls: 19, awaitedMessages: 1 });
  });

  it("decides exact calls, each by a message", async () => {
    const { exact, counters } = isolate(network);
    const rule = parseRule(checks(), "exact", { capacity: 3, rate: 1, intervalMs: 600_000, mode: "exact", fail: "closed" }, undefined);
    const who = caller();
    const decided: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) decided.push((await exact.take([charge({ ...rule, waitMs: 60_000 }, who)], Date.now() + 60_000))[0]?.kind);
    expect(decided).toEqual(["allowed", "allowed", "allowed", "refused"]);
    expect(counters).toMatchObject({ awaitedCalls: 4, awaitedMessages: 4 });
  });
});

it("keeps limits where every twentieth message is lost, before or after the Durable Object has run", async () => {
  const { take, counters } = isolate("far,loss=0.05,seed=3");
  const who = caller();
  const taken: (BucketDecisions | Promise<BucketDecisions>)[] = [];
  const { elapsedMs } = await calls(200, 400, () => void taken.push(take(read(who))));
  const decisions = await Promise.all(taken);
  const undecided = decisions.filter(([decision]) => decision === undefined).length; // a message and its repetition were lost
  expect(undecided).toBe(counters.passedUndecided);
  expect(decisions.filter(isAllowed).length).toBeLessThanOrEqual(100 + 25 + (50 * (elapsedMs + 500)) / 1_000);
});

// World-wide buckets over real objects: shards of two regions lease from one root shard, and isolates from them.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant, LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import { type KeyRequest, RegionalBuckets, type SendToRoot } from "../../../durable-objects/rate-limit/regional-buckets.ts";

const SLOW: BucketLimit = { capacity: 100, rate: 1, intervalMs: 60_000 }; // earns nothing while a test runs
const BIG: BucketLimit = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };

let objects = 0;
const newRoot = (): string => `root/shard-${objects++}`;
const newRegion = (region: string) => env.TOKEN_BUCKET.getByName(`${region}/shard-${objects++}`);

type Lend = (root: string, requests: readonly KeyRequest[]) => PromiseLike<readonly (LeaseGrant | undefined)[]>;

/** An isolate that takes tokens one by one, each time with a request if its lease has none. */
class Isolate {
  readonly #name = crypto.randomUUID();
  readonly #lease = new BucketLease();
  readonly key: string;
  readonly limit: BucketLimit;
  lend: Lend;
  root: string;
  grant: LeaseGrant | undefined;
  constructor(lend: Lend, root: string, key: string, limit: BucketLimit) {
    this.lend = lend;
    this.root = root;
    this.key = key;
    this.limit = limit;
  }

  /** @returns how many of the calls passed; all of them come before any response */
  async take(calls: number): Promise<number> {
    let passed = 0;
    for (let n = 0; n < calls; n++) if (this.#lease.take(1, Date.now()).kind === "allowed") passed += 1;
    if (passed === calls) return passed;
    const sentAt = Date.now();
    const request: LeaseRequest = this.#lease.request(this.#name, calls - passed, sentAt);
    [this.grant] = await this.lend(this.root, [{ key: this.key, limit: this.limit, request }]);
    this.#lease.applyGrant(this.grant, sentAt, Date.now());
    for (let n = passed; n < calls; n++) if (this.#lease.takeAfterWait(1, Date.now()).kind === "allowed") passed += 1;
    return passed;
  }
}

/** All isolates take until none of them gets a token in three rounds. */
async function takeAll(isolates: readonly Isolate[]): Promise<number> {
  let [total, dry] = [0, 0];
  for (let round = 0; dry < 3 && round < 200; round++) {
    const before = total;
    for (const isolate of isolates) total += await isolate.take(3);
    dry = total === before ? dry + 1 : 0;
  }
  return total;
}

const overRegion = (region: ReturnType<typeof newRegion>): Lend => {
  return async (root, requests) => region.lendOn(root, requests);
};

/** A region whose way to the root can be cut, in this isolate. */
function regionWithCut() {
  const state = { isCut: false, messages: 0, keys: 0 };
  const send: SendToRoot = async (root, requests) => {
    state.messages += 1;
    state.keys += requests.length;
    if (state.isCut) throw new Error("no way to the root");
    return env.TOKEN_BUCKET.getByName(root).grantLeases(requests);
  };
  const buckets = new RegionalBuckets(send, 100);
  return { state, buckets, lend: ((root, requests) => buckets.lend(root, requests)) satisfies Lend };
}

describe("a world-wide bucket", () => {
  it("admits its capacity once, in two regions together", async () => {
    const root = newRoot();
    const regions = [newRegion("weur"), newRegion("enam")].map(overRegion);
    const isolates = regions.flatMap((lend) => [new Isolate(lend, root, "rule/*", SLOW), new Isolate(lend, root, "rule/*", SLOW)]);
    const admitted = await takeAll(isolates);
    expect(admitted).toBeGreaterThan(60); // tokens that are lent and not spent are missing until they lapse
    expect(admitted).toBeLessThanOrEqual(100);
  });

  it("does so where isolates move to another region", async () => {
    const root = newRoot();
    const [first, second] = [newRegion("weur"), newRegion("eeur")].map(overRegion);
    const isolate = new Isolate(first!, root, "rule/*", SLOW);
    let admitted = await isolate.take(10);
    isolate.lend = second!;
    admitted += await takeAll([isolate, new Isolate(first!, root, "rule/*", SLOW)]);
    expect(admitted).toBeLessThanOrEqual(100);
  });

  it("does so where a region loses its memory while its leases are in use", async () => {
    const root = newRoot();
    const isolate = new Isolate(regionWithCut().lend, root, "rule/*", SLOW);
    let admitted = await isolate.take(10);
    isolate.lend = regionWithCut().lend;
    admitted += await takeAll([isolate]);
    expect(admitted).toBeGreaterThan(10);
    expect(admitted).toBeLessThanOrEqual(100);
  });

  it("admits at most the old and the new bound where the number of shards or the scope changes", async () => {
    const region = newRegion("weur");
    const isolates = [newRoot(), newRoot()].map((root) => new Isolate(overRegion(region), root, "rule/*", SLOW));
    const own = new Isolate(async (_, requests) => region.grantLeases(requests), "", "rule/*", SLOW);
    expect(await takeAll([isolates[0]!])).toBeLessThanOrEqual(100);
    expect(await takeAll([isolates[1]!])).toBeLessThanOrEqual(100);
    expect(await takeAll([own])).toBeLessThanOrEqual(100);
  });
});

describe("a region", () => {
  it("sends one message for many keys, and none while it has tokens", async () => {
    const { state, buckets } = regionWithCut();
    const root = newRoot();
    const request: LeaseRequest = {
      ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 1 },
      ...{ demandPerMs: 0.2, peakDemandPerMs: 0.2, isDemandSteady: true },
    };
    const keys = Array.from({ length: 10 }, (_, n): KeyRequest => ({ key: `rule/${n}`, limit: BIG, request }));
    const grants = await buckets.lend(root, keys);
    expect(grants.map((grant) => grant!.tokens >= 1)).toEqual(Array(10).fill(true));
    expect([state.messages, state.keys, buckets.size]).toEqual([1, 10, 10]);
    await buckets.lend(root, [{ ...keys[0]!, request: { ...request, isolate: "b", tokensNeeded: 0 } }]);
    expect(state.messages).toBe(1);
    expect(await buckets.lend(root, keys.slice(0, 1))).toEqual([undefined]); // a doubled request
  });

  it("redirects an isolate's first request, and says with each grant how many lenders there are", async () => {
    const { state, buckets } = regionWithCut();
    const root = newRoot();
    const request: LeaseRequest = {
      ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 1 },
      ...{ demandPerMs: 0.2, peakDemandPerMs: 0.2, isDemandSteady: true },
    };
    const lend = (lenders: number | undefined, sequence: number) => {
      const chosen = lenders === undefined ? {} : { lenders };
      return buckets.lend(root, [{ key: "rule/*", limit: BIG, request: { ...request, sequence }, ...chosen }]);
    };
    expect(await lend(0, 1)).toMatchObject([{ sequence: 1, isRedirection: true, lenders: 1, tokens: 0 }]);
    expect(state.messages).toBe(0);
    const [granted] = await lend(4, 1);
    expect(granted!.tokens).toBeGreaterThanOrEqual(1);
    expect([granted!.lenders, granted!.isRedirection, (await lend(undefined, 2))[0]!.lenders]).toEqual([4, undefined, undefined]);
  });

  it("shares one request of the root between isolates that come at the same time", async () => {
    const { state, lend } = regionWithCut();
    const root = newRoot();
    const isolates = Array.from({ length: 5 }, () => new Isolate(lend, root, "rule/*", BIG));
    expect(await Promise.all(isolates.map((isolate) => isolate.take(2)))).toEqual(Array(5).fill(2));
    expect(state.messages).toBeLessThanOrEqual(3);
  });

  it("goes on while it is cut off, says so when it holds nothing, and recovers", async () => {
    const { state, lend } = regionWithCut();
    const root = newRoot();
    const isolate = new Isolate(lend, root, "rule/*", BIG);
    expect(await isolate.take(1)).toBe(1);
    state.isCut = true;
    const fresh = new Isolate(lend, newRoot(), "rule/*", BIG);
    expect(await fresh.take(1)).toBe(0);
    expect(fresh.grant).toMatchObject({ isUnreachable: true, tokens: 0 });
    state.isCut = false;
    await expect.poll(() => new Isolate(lend, root, "rule/*", BIG).take(1), { timeout: 20_000 }).toBe(1);
    await expect.poll(() => new Isolate(lend, fresh.root, "rule/*", BIG).take(1), { timeout: 20_000 }).toBe(1);
  });

  it("uses a grant that arrives after the request has counted as lost", async () => {
    const gate = Promise.withResolvers<void>();
    let messages = 0;
    const send: SendToRoot = async (name, requests) => {
      messages += 1;
      if (messages > 1) throw new Error("no way to the root");
      const grants = await env.TOKEN_BUCKET.getByName(name).grantLeases(requests);
      await gate.promise;
      return grants;
    };
    const buckets = new RegionalBuckets(send, 3);
    const root = newRoot();
    const lend: Lend = (name, requests) => buckets.lend(name, requests);
    const first = new Isolate(lend, root, "rule/*", BIG);
    expect([await first.take(1), first.grant!.isUnreachable]).toEqual([0, true]);
    gate.resolve();
    await expect.poll(() => new Isolate(lend, root, "rule/*", BIG).take(1), { timeout: 5_000, interval: 20 }).toBe(1);
  });

  it("forgets the oldest bucket above its bound, which lapses at the root", async () => {
    const root = newRoot();
    const send: SendToRoot = async (name, requests) => env.TOKEN_BUCKET.getByName(name).grantLeases(requests);
    const buckets = new RegionalBuckets(send, 3);
    const lend: Lend = (name, requests) => buckets.lend(name, requests);
    for (let n = 0; n < 5; n++) expect(await new Isolate(lend, root, `rule/${n}`, BIG).take(1)).toBe(1);
    expect(buckets.size).toBe(3);
    expect(await new Isolate(lend, root, "rule/0", BIG).take(1)).toBe(1);
  });
});

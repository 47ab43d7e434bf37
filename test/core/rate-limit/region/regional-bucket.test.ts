// Buckets that are leased over several levels: whatever is lost, late, doubled, restarted or set back, no window admits more than the limit.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOCK_GUARD_MS } from "../../../../core/rate-limit/leased-bucket.ts";
import { newRegionalBucket, type RegionalBucket } from "../../../../core/rate-limit/region/regional-bucket.ts";

import { arrivalCurve } from "../../../simulation/limiter/oracles.ts";
import { Leaf } from "../../../simulation/limiter/tree/leaf.ts";
import { Lender } from "../../../simulation/limiter/tree/lender.ts";
import { Root } from "../../../simulation/limiter/tree/root.ts";
import { REAL_CODE, type Site, type TreeCode } from "../../../simulation/limiter/tree/site.ts";
import { sumsOf } from "../../../simulation/limiter/tree/sums.ts";
import { randomStream, World } from "../../../simulation/simulation.ts";

const REGIONS = 2;
const LEAVES = 3; // under each region and each sub-shard
const MAX_BACK_MS = CLOCK_GUARD_MS - 60; // clocks of isolates and regions; a root's clock may be set back by any time

const faults = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.nat(50), fc.nat(600), fc.nat(9_000)),
    act: fc.constantFrom(
      "restart leaf",
      "restart region",
      "restart sub-shard",
      "restart root",
      "set back",
      "cut off",
      "burst",
      "quiet",
      "move",
    ),
    part: fc.nat(100),
  }),
  { maxLength: 25 },
);
const worlds = fc.record({
  seed: fc.nat(2 ** 31),
  limit: fc.record({
    capacity: fc.integer({ min: 1, max: 3_000 }),
    rate: fc.integer({ min: 1, max: 3_000 }),
    intervalMs: fc.constantFrom(1_000, 10_000),
  }),
  load: fc.constantFrom(0.3, 0.9, 1.2, 3),
  loss: fc.constantFrom(0, 0.02, 0.15),
  rttMs: fc.constantFrom(2, 60, 250),
  faults,
});
type Script = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

interface Found {
  readonly excess: number; // tokens, by the arrival curve of what isolates admitted
  readonly broken: readonly string[]; // sums that did not hold
  readonly admitted: number;
}

/** Runs one world: a root, two regions, one of them with a sub-shard, and isolates on both levels. */
function run({ seed, limit, load, loss, rttMs, faults: script }: Script, code: TreeCode = REAL_CODE): Found {
  const world = new World();
  const random = randomStream(seed);
  const curve = arrivalCurve(limit);
  const cutUntil = new Map<string, number>();
  const broken: string[] = [];
  let admitted = 0;
  const site: Site = {
    world,
    limit,
    random,
    code,
    objectMs: 0.5,
    copies(from, to) {
      const isCut = [from, to].some((place) => world.now < (cutUntil.get(place) ?? 0)) && from[0] !== to[0];
      if (isCut || random() < loss) return [];
      const delay = (rttMs / 2) * (1 + random());
      const late = random() < loss ? 400 * random() : 0;
      return random() < loss ? [delay, delay + 900 * random()] : [delay + late];
    },
    decided: () => broken.push(...sumsOf(root, lenders, leaves)),
  };
  const root = new Root(site, "root");
  const regions = Array.from({ length: REGIONS }, (_, index) => new Lender(root, `${index}`, `region-${index}`));
  const sub = new Lender(regions[0]!, "0", "sub");
  const lenders = [...regions, sub];
  const leaves = lenders.flatMap((lender) =>
    Array.from({ length: LEAVES }, (_, index) => new Leaf(lender, lender.place, `${lender.name}/${index}`, 500)),
  );
  const perMs = (limit.rate / limit.intervalMs) * load;
  const activity = leaves.map(() => 1); // factor of demand

  for (const [index, leaf] of leaves.entries()) {
    const call = (): void => {
      const spends = (activity[index]! > 0 ? 1 : 0) * (random() < 0.02 ? 20 : 1); // now and then a burst
      for (let n = 0; n < spends; n++)
        leaf.call((isAdmitted) => {
          if (!isAdmitted) return;
          admitted += 1;
          curve.admit(world.now);
        });
      world.after((-Math.log(1 - random()) * leaves.length) / Math.max(0.0005, perMs), call);
    };
    world.after(random() * 100, call);
  }

  let at = 500;
  for (const { gapMs, act, part } of script) {
    at += gapMs;
    world.at(at, () => {
      const leaf = leaves[part % leaves.length]!;
      const region = regions[part % REGIONS]!;
      if (act === "restart leaf") leaf.restart();
      if (act === "restart region") region.restart();
      if (act === "restart sub-shard") sub.restart();
      if (act === "restart root") root.restart();
      if (act === "cut off") cutUntil.set(region.place, world.now + 12_000);
      if (act === "burst") activity[part % leaves.length] = 1;
      if (act === "quiet") activity[part % leaves.length] = 0;
      if (act === "move") leaf.above = lenders[part % lenders.length]!;
      if (act === "set back") {
        if (part % 3 === 0) root.clock.backMs += part * 50;
        if (part % 3 === 1) region.clock.backMs = Math.min(MAX_BACK_MS, region.clock.backMs + 2 * part);
        if (part % 3 === 2) leaf.clock.backMs = Math.min(MAX_BACK_MS, leaf.clock.backMs + 2 * part);
      }
    });
  }
  world.run(Math.min(25_000, at + 4_000));
  return { excess: curve.excess, broken, admitted };
}

describe("a bucket that is leased over three levels", () => {
  it("admits in no window more than capacity + rate x length, and no level lends more than it has", () => {
    let runs = 0;
    let admitted = 0;
    fc.assert(
      fc.property(worlds, (script) => {
        const found = run(script);
        runs += 1;
        admitted += found.admitted;
        expect(found.broken).toEqual([]);
        expect(found.excess).toBe(0);
      }),
      { numRuns: 250, endOnFailure: true },
    );
    expect(admitted).toBeGreaterThan(40 * runs); // it does admit something
  });
});

/** Mistakes that the oracles have to see; without that, they would prove nothing. */
const MUTANTS: Readonly<Record<string, Partial<TreeCode>>> = {
  "uses a smaller share before its leases fit": {
    applyRootGrant: (known, grant, sentAt, now) => {
      const after = REAL_CODE.applyRootGrant(known, grant, sentAt, now);
      return after.next === undefined ? after : { ...after, share: after.next, next: undefined };
    },
  },
  "acknowledges a smaller share before its leases fit": {
    requestRoot: (known, name, needed, now) => {
      const [state, request] = REAL_CODE.requestRoot(known, name, needed, now);
      return [state, state.next === undefined ? request : { ...request, appliedSequence: state.next.sequence }];
    },
  },
  "lends for longer than it has leased": {
    lendOn: (known, whole, request, now, random, isFinal, waitedMs) => {
      const longer = { ...known, share: { ...known.share, expiresAt: known.share.expiresAt + 3_000 } };
      const [after, decision] = REAL_CODE.lendOn(longer, whole, request, now, random, isFinal, waitedMs);
      return [
        { ...after, share: after.share.sequence === 0 ? after.share : { ...after.share, expiresAt: after.share.expiresAt - 3_000 } },
        decision,
      ];
    },
  },
  "lends without the guard": {
    lendOn: (known, whole, request, now, random, isFinal, waitedMs) => {
      const longer = { ...known, share: { ...known.share, expiresAt: known.share.expiresAt + CLOCK_GUARD_MS } };
      const [after, decision] = REAL_CODE.lendOn(longer, whole, request, now, random, isFinal, waitedMs);
      return [
        {
          ...after,
          share: after.share.sequence === 0 ? after.share : { ...after.share, expiresAt: after.share.expiresAt - CLOCK_GUARD_MS },
        },
        decision,
      ];
    },
  },
  "forgets its lessees at a restart": {
    restart: (state, name) => [{ ...state, bucket: { ...state.bucket, leases: {} } }, name],
  },
  "keeps its name at a restart that forgets": { restart: (_, name, now) => [newRegionalBucket(now), name] },
  "starts with the tokens of its share at a restart": {
    restart: (state, name) => [{ ...state, bucket: { ...state.bucket, tokens: state.share.capacity, leases: {} } }, name],
  },
  "never stops to lend": {
    lendOn: (known, whole, request, now, random, isFinal, waitedMs) => {
      const endless: RegionalBucket = { ...known, share: { ...known.share, expiresAt: Math.max(known.share.expiresAt, now + 2_000) } };
      return REAL_CODE.lendOn(endless, whole, request, now, random, isFinal, waitedMs);
    },
  },
  "counts its term from the arrival of the grant": {
    applyRootGrant: (known, grant, _, now) => REAL_CODE.applyRootGrant(known, grant, now + 300, now),
  },
  "grants tokens without taking them from the pool": {
    lendOn: (known, whole, request, now, random, isFinal, waitedMs) => {
      const [after, decision] = REAL_CODE.lendOn(known, whole, request, now, random, isFinal, waitedMs);
      const tokens = after.bucket.tokens + (decision.kind === "granted" ? decision.grant.tokens : 0);
      return [{ ...after, bucket: { ...after.bucket, tokens } }, decision];
    },
  },
};

/** A region is cut off, and at different times before its term ends the clock of an isolate is set back by less than the guard. */
const LATE_ISOLATES: Script[] = Array.from({ length: 16 }, (_, index) => ({
  ...{ seed: index, limit: { capacity: 3_000, rate: 3_000, intervalMs: 1_000 }, load: 0.9, loss: 0, rttMs: 2 },
  faults: [
    { gapMs: 3_000, act: "cut off", part: 0 },
    { gapMs: 6_200 + index * 100, act: "set back", part: 92 },
  ],
}));

describe("the oracles", () => {
  it.each(LATE_ISOLATES)("see nothing where the clock of an isolate is set back late: $faults.1.gapMs ms", (script) => {
    expect(run(script)).toMatchObject({ excess: 0, broken: [] });
  });

  it.each(Object.entries(MUTANTS))("see a region that %s", (_, mutant) => {
    const code: TreeCode = { ...REAL_CODE, ...mutant };
    const isSeen = [...LATE_ISOLATES, ...fc.sample(worlds, { numRuns: 400, seed: 17 })].some((script) => {
      const { excess, broken } = run(script, code);
      return excess > 0 || broken.length > 0;
    });
    expect(isSeen).toBe(true);
  });
});

// The contract of balancers, and the promises of each row of the table: a new row is tested because it is listed.
import { describe, expect, it } from "vitest";
import { type BalancerKind, DEFAULT_BALANCER_SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { mix32 } from "../../../core/balance/hashing.ts";
import { randomStream } from "../../simulation/simulation.ts";
import { type CandidateState, candidate, candidates, countsOf, keyOf, NOW, pickInput } from "./candidates.ts";

/** How often each candidate is picked in 600 picks; no picked call is begun. */
function picked(kind: BalancerKind, states: readonly CandidateState[]): number[] {
  const balancer = kind.create(states.map(candidate), DEFAULT_BALANCER_SETTINGS);
  const rng = randomStream(5);
  const counts = states.map(() => 0);
  for (let pick = 0; pick < 600; pick++) counts[balancer.pick(pickInput(mix32(pick), { rng }))]! += 1;
  return counts;
}

/** Checks both orders: an index must not decide. */
function expectAlways(kind: BalancerKind, better: CandidateState, worse: CandidateState): void {
  expect(picked(kind, [better, worse])).toEqual([600, 0]);
  expect(picked(kind, [worse, better])).toEqual([0, 600]);
}

describe.each(Object.entries(BALANCERS) as [string, BalancerKind][])("%s", (_, kind) => {
  it("returns -1 without candidates, and the only one of one", () => {
    expect(kind.create([], DEFAULT_BALANCER_SETTINGS).pick(pickInput(1))).toBe(-1);
    expect(kind.create(candidates(1), DEFAULT_BALANCER_SETTINGS).pick(pickInput(1))).toBe(0);
  });

  it("picks an eligible candidate, and -1 where none is eligible", () => {
    const balancer = kind.create(candidates(5), DEFAULT_BALANCER_SETTINGS);
    for (let index = 0; index < 200; index++) {
      const eligible = new Set([index % 5, (index * 3 + 1) % 5]);
      expect(eligible).toContain(balancer.pick(pickInput(keyOf(index), { isEligible: (at) => eligible.has(at) })));
    }
    expect(balancer.pick(pickInput(1, { isEligible: () => false }))).toBe(-1);
  });

  it("reaches every endpoint of twenty", () => {
    const list = candidates(20);
    const balancer = kind.create(list, DEFAULT_BALANCER_SETTINGS);
    const reached = new Set<number>();
    for (let index = 0; index < 2_000; index++) {
      const pick = balancer.pick(pickInput(keyOf(index), { now: NOW + index }));
      reached.add(pick);
      const { load } = list[pick]!;
      load.end(load.begin(NOW + index, 9e9), NOW + 1 + index, 20);
    }
    expect(reached.size).toBe(20);
  });

  it("gives calls in proportion to weights, where it uses weights", () => {
    if (!kind.usesWeight) return expect(kind.usesKey).toBe(false); // a balancer that uses keys uses weights, too
    const weighted = candidates(3, (index) => index + 1);
    const counts = countsOf(kind, weighted, 60_000);
    for (const [index, count] of counts.entries()) expect(count / (10_000 * (index + 1))).toBeCloseTo(1, 1.3);
  });

  it("gives the same key to the same endpoint in any isolate, where it uses keys", () => {
    const list = candidates(50, (index) => 1 + (index % 3));
    const reversed = [...list].reverse();
    const [first, second] = [kind.create(list, DEFAULT_BALANCER_SETTINGS), kind.create(reversed, DEFAULT_BALANCER_SETTINGS)];
    let same = 0;
    for (let index = 0; index < 2_000; index++) {
      const [here, there] = [list[first.pick(pickInput(keyOf(index)))]!, reversed[second.pick(pickInput(keyOf(index)))]!];
      same += here.id === there.id ? 1 : 0;
    }
    if (kind.usesKey) expect(same).toBe(2_000);
    else expect(same).toBeLessThan(1_000);
  });

  it("knows the share of the keys that each endpoint owns, where it uses keys", () => {
    const weighted = candidates(8, (index) => 1 + (index % 3));
    const shares = kind.create(weighted, DEFAULT_BALANCER_SETTINGS).shares?.();
    expect(shares !== undefined).toBe(kind.usesKey);
    if (shares === undefined) return;
    const counts = countsOf(kind, weighted, 60_000);
    expect(Array.from(shares).reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
    for (const [index, share] of Array.from(shares).entries()) expect(counts[index]! / (60_000 * share)).toBeCloseTo(1, 1.1);
  });

  it("gives the call to the less loaded of two, where it prefers idle endpoints; otherwise load changes nothing", () => {
    if (!kind.prefersIdle) return expect(picked(kind, [{ inFlight: 9 }, {}])).toEqual(picked(kind, [{}, {}]));
    for (const [fewer, more] of [
      [0, 1],
      [1, 2],
      [5, 9],
    ] as const)
      expectAlways(kind, { inFlight: fewer }, { inFlight: more });
  });

  it("divides calls in flight by the weight, where it prefers idle endpoints", () => {
    if (!kind.prefersIdle) return expect(kind.isCyclic || kind.usesWeight).toBe(true); // then its shares do not follow load
    expectAlways(kind, { weight: 3, inFlight: 1 }, { weight: 1, inFlight: 0 });
    expectAlways(kind, { weight: 1, inFlight: 0 }, { weight: 2, inFlight: 3 });
    expectAlways(kind, { weight: 2 }, { weight: 1 });
  });

  it("gives the call to the faster of two, where it prefers fast endpoints; otherwise times change nothing", () => {
    if (!kind.prefersFast) return expect(picked(kind, [{ tookMs: 900 }, {}])).toEqual(picked(kind, [{}, {}]));
    expectAlways(kind, { tookMs: 20 }, { tookMs: 25 });
    expectAlways(kind, { tookMs: 20, inFlight: 3 }, { tookMs: 100, inFlight: 3 });
  });

  it("multiplies load and time, where it prefers both", () => {
    if (!kind.prefersFast || !kind.prefersIdle) return expect(kind.prefersFast).toBe(false);
    expectAlways(kind, { tookMs: 20, inFlight: 3 }, { tookMs: 100, inFlight: 0 }); // 80 before 100
    expectAlways(kind, { tookMs: 100, inFlight: 0 }, { tookMs: 20, inFlight: 5 }); // 100 before 120
    expectAlways(kind, { tookMs: 100, weight: 4 }, { tookMs: 50 }); // 25 before 50
  });

  it("spreads calls evenly over equal endpoints", () => {
    for (const count of picked(kind, [{}, {}, {}])) expect(Math.abs(count - 200)).toBeLessThan(70);
  });

  it("gives every endpoint its share of each cycle, exact to one call, where it is cyclic; otherwise not", () => {
    const weights = kind.usesWeight ? [5, 1, 2] : [1, 1, 1];
    const cycle = weights.reduce((sum, weight) => sum + weight, 0);
    const list = weights.map((weight, index) => candidate({ weight }, index));
    let isExact = true;
    for (const seed of [1, 2, 3, 4, 5]) {
      const balancer = kind.create(list, DEFAULT_BALANCER_SETTINGS);
      const rng = randomStream(seed);
      const order = Array.from({ length: 20 * cycle }, (_, pick) => balancer.pick(pickInput(mix32(pick + seed), { rng })));
      for (let start = 0; start + cycle <= order.length; start++) {
        const share = order.slice(start, start + cycle);
        for (const [index, weight] of weights.entries()) {
          const difference = Math.abs(share.filter((pick) => pick === index).length - weight);
          isExact &&= difference <= (kind.usesWeight ? 1 : 0);
        }
      }
    }
    expect(isExact).toBe(kind.isCyclic);
  });

  it("gives the calls of ineligible endpoints to the others, and goes on as before once they are eligible", () => {
    const balancer = kind.create([{}, {}, {}].map(candidate), DEFAULT_BALANCER_SETTINGS);
    const rng = randomStream(3);
    const pick = (key: number, excluded: number): number =>
      balancer.pick(pickInput(mix32(key), { rng, isEligible: (index) => index !== excluded }));
    const during = new Set(Array.from({ length: 100 }, (_, key) => pick(key, 1)));
    expect([...during].sort()).toEqual([0, 2]);
    expect(new Set(Array.from({ length: 100 }, (_, key) => pick(key, -1))).size).toBe(3);
  });
});

const KEYED = Object.entries(BALANCERS).filter(([, { usesKey }]) => usesKey) as [string, BalancerKind][];

describe.each(KEYED)("%s, which uses keys", (_, kind) => {
  it("passes over an endpoint that has its share under a bound, and gives the key to it otherwise", () => {
    const list = candidates(5);
    const free = kind.create(list, DEFAULT_BALANCER_SETTINGS);
    const bound = kind.create(list, { maxLoadFactor: 1.2 });
    for (let index = 0; index < 50; index++) expect(bound.pick(pickInput(keyOf(index)))).toBe(free.pick(pickInput(keyOf(index))));
    const input = pickInput(keyOf(3));
    const owner = free.pick(input);
    for (let call = 0; call < 10; call++) list[owner]!.load.begin(0, 9e9);
    const next = bound.pick(input);
    expect(next).not.toBe(owner);
    expect(bound.pick(input)).toBe(next);
    expect(free.pick(input)).toBe(owner);
  });

  it("gives the keys of an ineligible endpoint to several others, and moves no other key", () => {
    const balancer = kind.create(candidates(8), DEFAULT_BALANCER_SETTINGS);
    const heirs = new Set<number>();
    for (let index = 0; index < 4_000; index++) {
      const owner = balancer.pick(pickInput(keyOf(index)));
      const heir = balancer.pick(pickInput(keyOf(index), { isEligible: (at) => at !== 3 }));
      if (owner === 3) heirs.add(heir);
      else expect(heir).toBe(owner);
    }
    expect(heirs.size).toBe(7);
    expect(heirs.has(3)).toBe(false);
  });

  it("picks the one of sixty that is eligible", () => {
    const balancer = kind.create(
      candidates(60, (index) => 1 + (index % 5)),
      DEFAULT_BALANCER_SETTINGS,
    );
    for (let index = 0; index < 60; index++)
      expect(balancer.pick(pickInput(keyOf(index), { isEligible: (at) => at === index }))).toBe(index);
  });

  it("depends on the set of endpoints, not on their order", () => {
    const list = candidates(12, (index) => 1 + (index % 4));
    const mixed = [...list.slice(5), ...list.slice(0, 5).reverse()];
    const [first, second] = [kind.create(list, DEFAULT_BALANCER_SETTINGS), kind.create(mixed, DEFAULT_BALANCER_SETTINGS)];
    for (let index = 0; index < 2_000; index++) {
      const input = pickInput(keyOf(index));
      expect(mixed[second.pick(input)]!.id).toBe(list[first.pick(input)]!.id);
    }
  });
});

describe.each(["consistent_hash", "rendezvous"] as const)("%s", (name) => {
  const kind = BALANCERS[name];
  it.each([3, 100, 1_000])("moves the keys it must, and no others, when one of %d leaves or comes back", (count) => {
    const all = candidates(count, (index) => 1 + (index % 3));
    const gone = all[Math.floor(count / 2)]!;
    const rest = all.filter((endpoint) => endpoint !== gone);
    const [before, after] = [kind.create(all, DEFAULT_BALANCER_SETTINGS), kind.create(rest, DEFAULT_BALANCER_SETTINGS)];
    const keys = name === "rendezvous" ? Math.max(5_000, 100_000 / count) : 20_000;
    let [forced, moved] = [0, 0];
    for (let index = 0; index < keys; index++) {
      const owner = all[before.pick(pickInput(keyOf(index)))]!;
      forced += owner === gone ? 1 : 0;
      moved += owner === rest[after.pick(pickInput(keyOf(index)))]! ? 0 : 1;
    }
    expect(forced).toBeGreaterThan(0);
    expect(moved / forced).toBe(1);
  });
});

// Isolates of two releases run side by side, so a release must not move keys.
describe.each([
  [
    "consistent_hash",
    "p9t4r448a3j3k8na3jk1146sn9h2n0ei49ee9g5q85mkh5hskdek4sspq4qb",
    "44h4h44hh4h4hhhhhh4h44444hhhhhh444h4hh44hhhhh4h444hh4hh444hh",
  ],
  [
    "maglev",
    "sdhg58jcs71g64e5gn0tbkjgpoedtnki4nn50ghdnas002dbm5pmre75it6q",
    "h4h44hh4hhhhh4h4hhhh4hh4hh4h4h4h4hhhh4hhh4hh44hhh4hh4hh4hhh4",
  ],
  [
    "rendezvous",
    "ort8fa6rtlje7npa0cnre1n02c22861n773ksk3kste31l0d7tbqsehs02b6",
    "h4hhh4hhhhh4hh44h4h444hhhh44hhhh4h4h4hh4hhh44h4hh44hhhh4hhhh",
  ],
] as const)("%s", (name, all, few) => {
  const balancer = BALANCERS[name].create(
    candidates(30, (index) => 1 + (index % 3)),
    DEFAULT_BALANCER_SETTINGS,
  );
  const owners = (isEligible: (index: number) => boolean) =>
    Array.from({ length: 60 }, (_, index) => balancer.pick(pickInput(keyOf(index), { isEligible })).toString(36)).join("");

  it("leaves 60 keys with the endpoints that owned them in earlier releases", () => {
    expect(owners(() => true)).toBe(all);
  });

  it("leaves 60 keys where they were while two of 30 endpoints are eligible", () => {
    expect(owners((index) => index === 4 || index === 17)).toBe(few);
  });
});

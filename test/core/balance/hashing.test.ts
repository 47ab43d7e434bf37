// Where balancers by key put keys: the bound on load, draws in proportion to weights, and what a change moves.
import { describe, expect, it } from "vitest";
import { type Candidate, DEFAULT_BALANCER_SETTINGS, type PickInput } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { highestDraw, mix32, seedsOf, withinLoadBound } from "../../../core/balance/hashing.ts";
import { Load } from "../../../core/balance/load.ts";
import { fleet, keyOf } from "./fleets.ts";

const candidate = (id: string, weight = 1, inFlight = 0): Candidate => {
  const load = new Load();
  for (let call = 0; call < inFlight; call++) load.begin(0, 9e9);
  return { id, weight, load };
};
const ask = (key = 0, isEligible = (_: number) => true): PickInput => ({ key, now: 0, rng: () => 0, isEligible });

describe("mix32", () => {
  it("is fmix32 of MurmurHash3", () => {
    const reference = (value: number): number => {
      let hash = BigInt(value >>> 0);
      const mask = 0xffffffffn;
      hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & mask;
      hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & mask;
      return Number(hash ^ (hash >> 16n));
    };
    for (const value of [0, 1, 2, 65_536, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xffffffff]) expect(mix32(value)).toBe(reference(value));
  });
});

describe("bounded", () => {
  const open = (candidates: Candidate[], factor: number, isEligible?: (index: number) => boolean) => {
    const may = withinLoadBound(candidates, factor, ask(0, isEligible));
    return candidates.map((_, index) => may(index));
  };

  it("leaves everything open without a bound", () => {
    expect(open([candidate("a", 1, 900), candidate("b")], Number.POSITIVE_INFINITY)).toEqual([true, true]);
    expect(open([candidate("a"), candidate("b")], Number.POSITIVE_INFINITY, (index) => index === 1)).toEqual([false, true]);
  });

  it("lets an endpoint have its share of the calls, this one among them, rounded up", () => {
    expect(open([candidate("a", 1, 1), candidate("b", 1, 0)], 1)).toEqual([false, true]); // 2 calls: one each
    expect(open([candidate("a", 1, 1), candidate("b", 1, 1)], 1)).toEqual([true, true]); // 3 calls: at most two
    expect(open([candidate("a", 1, 2), candidate("b", 1, 1)], 1)).toEqual([false, true]);
    expect(open([candidate("a", 1, 2), candidate("b", 1, 1)], 1.5)).toEqual([true, true]);
  });

  it("counts shares by weight, among those that are open", () => {
    expect(open([candidate("a", 3, 2), candidate("b", 1, 1)], 1)).toEqual([true, false]); // 4 calls: 3 and 1
    expect(open([candidate("a", 3, 3), candidate("b", 1, 0)], 1)).toEqual([false, true]);
    const closed = (index: number) => index !== 2;
    expect(open([candidate("a", 1, 1), candidate("b"), candidate("c", 9, 90)], 1, closed)).toEqual([false, true, false]);
  });

  it("always leaves one open where any is", () => {
    for (let busy = 0; busy < 20; busy++)
      expect(open([candidate("a", 2, busy), candidate("b", 3, 20 - busy), candidate("c", 1, busy % 3)], 1)).toContain(true);
  });
});

describe("drawn", () => {
  const draw = (candidates: Candidate[], key: number, isEligible = (_: number) => true) =>
    highestDraw(candidates, seedsOf(candidates), key, isEligible);

  it("gives keys in proportion to weights, and those of a closed endpoint to the others in proportion", () => {
    const candidates = [candidate("a", 1), candidate("b", 2), candidate("c", 5)];
    const shares = (isEligible?: (index: number) => boolean) => {
      const counts = [0, 0, 0];
      for (let key = 0; key < 16_000; key++) counts[draw(candidates, keyOf(key), isEligible)]! += 1;
      return counts;
    };
    for (const [index, want] of [2_000, 4_000, 10_000].entries()) expect(Math.abs(shares()[index]! - want)).toBeLessThan(300);
    const without = shares((index) => index !== 2);
    expect(without[2]).toBe(0);
    expect(Math.abs(without[0]! - 16_000 / 3)).toBeLessThan(300);
  });

  it("draws none where none is open, and settles a tie by id, whoever is listed first", () => {
    expect(draw([candidate("a")], 1, () => false)).toBe(-1);
    const twins = [candidate("a"), candidate("b")];
    const same = new Uint32Array([7, 7]);
    expect(highestDraw(twins, same, 1, () => true)).toBe(0);
    expect(highestDraw([...twins].reverse(), same, 1, () => true)).toBe(1);
  });
});

describe.each(["consistent_hash", "maglev", "rendezvous"] as const)("%s under a bound", (name) => {
  const kind = BALANCERS[name];

  it("passes over an endpoint that has its share, and keeps the key where it has not", () => {
    const all = fleet(5);
    const free = kind.create(all, DEFAULT_BALANCER_SETTINGS);
    const bound = kind.create(all, { ...DEFAULT_BALANCER_SETTINGS, maxLoadFactor: 1.2 });
    for (let index = 0; index < 50; index++) {
      const key = keyOf(index);
      const home = free.pick(ask(key));
      expect(bound.pick(ask(key))).toBe(home);
    }
    const key = keyOf(3);
    const home = free.pick(ask(key));
    for (let call = 0; call < 10; call++) all[home]!.load.begin(0, 9e9);
    const next = bound.pick(ask(key));
    expect(next).not.toBe(home);
    expect(bound.pick(ask(key))).toBe(next);
    expect(free.pick(ask(key))).toBe(home);
  });

  it("gives a closed endpoint's keys to several others, and no other key a new place", () => {
    const all = fleet(8);
    const balancer = kind.create(all, DEFAULT_BALANCER_SETTINGS);
    const heirs = new Set<number>();
    for (let index = 0; index < 4_000; index++) {
      const key = keyOf(index);
      const home = balancer.pick(ask(key));
      const found = balancer.pick(ask(key, (at) => at !== 3));
      if (home === 3) heirs.add(found);
      else expect(found).toBe(home);
    }
    expect(heirs.size).toBe(7);
    expect(heirs.has(3)).toBe(false);
  });

  it("picks the one that is open of many, and none where none is", () => {
    const all = fleet(60, (index) => 1 + (index % 5));
    const balancer = kind.create(all, DEFAULT_BALANCER_SETTINGS);
    for (let index = 0; index < 60; index++) expect(balancer.pick(ask(keyOf(index), (at) => at === index))).toBe(index);
    expect(balancer.pick(ask(1, () => false))).toBe(-1);
  });

  it("makes the same of the same set, whatever the order in which it is listed", () => {
    const all = fleet(12, (index) => 1 + (index % 4));
    const mixed = [...all.slice(5), ...all.slice(0, 5).reverse()];
    const [one, other] = [kind.create(all, DEFAULT_BALANCER_SETTINGS), kind.create(mixed, DEFAULT_BALANCER_SETTINGS)];
    for (let index = 0; index < 2_000; index++) expect(mixed[other.pick(ask(keyOf(index)))]!.id).toBe(all[one.pick(ask(keyOf(index)))]!.id);
  });
});

describe("maglev", () => {
  it("has shares that are even to a slot, by weight", () => {
    const all = fleet(7, (index) => (index === 0 ? 3 : 1));
    const balancer = BALANCERS.maglev.create(all, DEFAULT_BALANCER_SETTINGS);
    const counts = all.map(() => 0);
    const keys = 90_000;
    for (let index = 0; index < keys; index++) counts[balancer.pick(ask(keyOf(index)))]! += 1;
    for (const [index, count] of counts.entries()) expect(Math.abs(count / ((keys * (index === 0 ? 3 : 1)) / 9) - 1)).toBeLessThan(0.04);
  });

  it("moves few keys of others when one leaves", () => {
    const all = fleet(10);
    const rest = all.filter((_, index) => index !== 4);
    const [before, after] = [
      BALANCERS.maglev.create(all, DEFAULT_BALANCER_SETTINGS),
      BALANCERS.maglev.create(rest, DEFAULT_BALANCER_SETTINGS),
    ];
    let moved = 0;
    const keys = 10_000;
    for (let index = 0; index < keys; index++) {
      const old = all[before.pick(ask(keyOf(index)))]!;
      if (old !== all[4] && rest[after.pick(ask(keyOf(index)))] !== old) moved += 1;
    }
    expect(moved / keys).toBeLessThan(0.1);
  });
});

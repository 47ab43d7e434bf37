// The contract of balancers, held over the table: a new balancer is tested by being listed.
import { describe, expect, it } from "vitest";
import { type BalancerKind, type Candidate, type Question, SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { Load } from "../../../core/balance/load.ts";
import { mix32 } from "../../../core/balance/place.ts";
import { dice as diceOf } from "../../simulation/simulation.ts";

const dice = diceOf(7);
const fleet = (count: number, weight = (_: number) => 1): Candidate[] =>
  Array.from({ length: count }, (_, index) => ({ id: `https://endpoint-${index}.example`, weight: weight(index), load: new Load() }));
const ask = (key: number, change: Partial<Question> = {}): Question => ({ key, now: 1_000, dice, isOpen: () => true, ...change });
const keyOf = (index: number): number => mix32(index * 7919 + 13);

/** How often each was picked, for keys that spread. */
function counts(kind: BalancerKind, candidates: Candidate[], picks: number, settings = SETTINGS): number[] {
  const balancer = kind.create(candidates, settings);
  const counted = candidates.map(() => 0);
  for (let index = 0; index < picks; index++) counted[balancer.pick(ask(keyOf(index)))]! += 1;
  return counted;
}

describe.each(Object.entries(BALANCERS))("%s", (_, kind: BalancerKind) => {
  it("has nobody to pick of none, and the only one of one", () => {
    expect(kind.create([], SETTINGS).pick(ask(1))).toBe(-1);
    expect(kind.create(fleet(1), SETTINGS).pick(ask(1))).toBe(0);
  });

  it("picks whoever is open, and nobody where none is", () => {
    const balancer = kind.create(fleet(5), SETTINGS);
    for (let index = 0; index < 200; index++) {
      const open = new Set([index % 5, (index * 3 + 1) % 5]);
      expect(open).toContain(balancer.pick(ask(keyOf(index), { isOpen: (at) => open.has(at) })));
    }
    expect(balancer.pick(ask(1, { isOpen: () => false }))).toBe(-1);
  });

  it("reaches every endpoint of twenty", () => {
    const candidates = fleet(20);
    const balancer = kind.create(candidates, SETTINGS);
    const reached = new Set<number>();
    for (let index = 0; index < 2_000; index++) {
      const picked = balancer.pick(ask(keyOf(index), { now: 1_000 + index }));
      reached.add(picked);
      const { load } = candidates[picked]!;
      load.end(load.begin(1_000 + index, 9e9), 1_001 + index, 20);
    }
    expect(reached.size).toBe(20);
  });

  it("gives calls in proportion to weights, where it says so", () => {
    if (!kind.goesByWeight) return expect(kind.goesByKey).toBe(false); // who goes by key goes by weight too
    const counted = counts(
      kind,
      fleet(3, (index) => index + 1),
      60_000,
    );
    for (const [index, count] of counted.entries()) expect(count / (10_000 * (index + 1))).toBeCloseTo(1, 1.3);
  });

  it("gives the same key to the same endpoint in any isolate, where it says so", () => {
    const candidates = fleet(50, (index) => 1 + (index % 3));
    const one = kind.create(candidates, SETTINGS);
    const reversed = [...candidates].reverse();
    const other = kind.create(reversed, SETTINGS);
    let same = 0;
    for (let index = 0; index < 2_000; index++) {
      same += candidates[one.pick(ask(keyOf(index)))]!.id === reversed[other.pick(ask(keyOf(index)))]!.id ? 1 : 0;
    }
    if (kind.goesByKey) expect(same).toBe(2_000);
    else expect(same).toBeLessThan(1_000);
  });
});

describe.each(["consistent_hash", "rendezvous"] as const)("%s", (name) => {
  const kind = BALANCERS[name];
  it.each([3, 100, 1_000])("moves the keys it must, and no others, when one of %d leaves or comes back", (count) => {
    const all = fleet(count, (index) => 1 + (index % 3));
    const gone = all[Math.floor(count / 2)]!;
    const rest = all.filter((one) => one !== gone);
    const before = kind.create(all, SETTINGS);
    const after = kind.create(rest, SETTINGS);
    const keys = count > 100 && name === "rendezvous" ? 5_000 : 50_000;
    let forced = 0;
    let moved = 0;
    for (let index = 0; index < keys; index++) {
      const old = all[before.pick(ask(keyOf(index)))]!;
      forced += old === gone ? 1 : 0;
      moved += old === rest[after.pick(ask(keyOf(index)))]! ? 0 : 1;
    }
    expect(forced).toBeGreaterThan(0);
    expect(moved / forced).toBe(1);
  });
});

describe("consistent_hash", () => {
  const kind = BALANCERS.consistent_hash;
  it.each([3, 100, 1_000])("keeps the busiest of %d within 1.10 of its share, and weights within 5 percent", (count) => {
    const candidates = fleet(count, (index) => 1 + (index % 3));
    const picks = count * 20_000;
    const counted = counts(kind, candidates, Math.min(picks, 6_000_000));
    const total = counted.reduce((sum, one) => sum + one, 0);
    const weights = candidates.reduce((sum, { weight }) => sum + weight, 0);
    const shares = counted.map((one, index) => (one * weights) / (total * candidates[index]!.weight));
    expect(Math.max(...shares)).toBeLessThanOrEqual(1.1);
    for (const weight of [1, 2, 3]) {
      const ofWeight = shares.filter((_, index) => candidates[index]!.weight === weight);
      expect(Math.abs(ofWeight.reduce((sum, one) => sum + one, 0) / ofWeight.length - 1)).toBeLessThanOrEqual(0.05);
    }
  });

  it("keeps calls in flight within 1.25 of the fair share under a bound, however hot a key is", () => {
    const candidates = fleet(10);
    const balancer = kind.create(candidates, { ...SETTINGS, maxLoadFactor: 1.25 });
    for (let index = 0; index < 1_000; index++) {
      const picked = balancer.pick(ask(index % 2 === 0 ? 42 : keyOf(index)));
      candidates[picked]!.load.begin(1_000, 9e9);
    }
    for (const { load } of candidates) expect(load.inFlight(1_000)).toBeLessThanOrEqual(125);
  });
});

// The contract of balancers, held over the table: a new balancer is tested by being listed.
import { describe, expect, it } from "vitest";
import { type BalancerKind, DEFAULT_BALANCER_SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { ask, counts, expectEven, fleet, keyOf } from "./fleets.ts";

describe.each(Object.entries(BALANCERS))("%s", (_, kind: BalancerKind) => {
  it("has nobody to pick of none, and the only one of one", () => {
    expect(kind.create([], DEFAULT_BALANCER_SETTINGS).pick(ask(1))).toBe(-1);
    expect(kind.create(fleet(1), DEFAULT_BALANCER_SETTINGS).pick(ask(1))).toBe(0);
  });

  it("picks whoever is open, and nobody where none is", () => {
    const balancer = kind.create(fleet(5), DEFAULT_BALANCER_SETTINGS);
    for (let index = 0; index < 200; index++) {
      const open = new Set([index % 5, (index * 3 + 1) % 5]);
      expect(open).toContain(balancer.pick(ask(keyOf(index), { isEligible: (at) => open.has(at) })));
    }
    expect(balancer.pick(ask(1, { isEligible: () => false }))).toBe(-1);
  });

  it("reaches every endpoint of twenty", () => {
    const candidates = fleet(20);
    const balancer = kind.create(candidates, DEFAULT_BALANCER_SETTINGS);
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
    if (!kind.usesWeight) return expect(kind.usesKey).toBe(false); // who goes by key goes by weight too
    const counted = counts(
      kind,
      fleet(3, (index) => index + 1),
      60_000,
    );
    for (const [index, count] of counted.entries()) expect(count / (10_000 * (index + 1))).toBeCloseTo(1, 1.3);
  });

  it("gives the same key to the same endpoint in any isolate, where it says so", () => {
    const candidates = fleet(50, (index) => 1 + (index % 3));
    const one = kind.create(candidates, DEFAULT_BALANCER_SETTINGS);
    const reversed = [...candidates].reverse();
    const other = kind.create(reversed, DEFAULT_BALANCER_SETTINGS);
    let same = 0;
    for (let index = 0; index < 2_000; index++) {
      same += candidates[one.pick(ask(keyOf(index)))]!.id === reversed[other.pick(ask(keyOf(index)))]!.id ? 1 : 0;
    }
    if (kind.usesKey) expect(same).toBe(2_000);
    else expect(same).toBeLessThan(1_000);
  });
});

describe.each(["consistent_hash", "rendezvous"] as const)("%s", (name) => {
  const kind = BALANCERS[name];
  it.each([3, 100, 1_000])("moves the keys it must, and no others, when one of %d leaves or comes back", (count) => {
    const all = fleet(count, (index) => 1 + (index % 3));
    const gone = all[Math.floor(count / 2)]!;
    const rest = all.filter((one) => one !== gone);
    const before = kind.create(all, DEFAULT_BALANCER_SETTINGS);
    const after = kind.create(rest, DEFAULT_BALANCER_SETTINGS);
    const keys = name === "rendezvous" ? Math.max(5_000, 100_000 / count) : 20_000;
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

  it("keeps the busiest of 3 within 1.10 of its share", () => expectEven(kind, 3, 30_000));

  it("keeps calls in flight within 1.25 of the fair share under a bound, however hot a key is", () => {
    const candidates = fleet(10);
    const balancer = kind.create(candidates, { ...DEFAULT_BALANCER_SETTINGS, maxLoadFactor: 1.25 });
    for (let index = 0; index < 1_000; index++) {
      const picked = balancer.pick(ask(index % 2 === 0 ? 42 : keyOf(index)));
      candidates[picked]!.load.begin(1_000, 9e9);
    }
    for (const { load } of candidates) expect(load.inFlight(1_000)).toBeLessThanOrEqual(125);
  });
});

// What each balancer promises by its row in balancers.ts: a new row is held to its promises by being listed.
import { describe, expect, it } from "vitest";
import { type BalancerKind, type Candidate, DEFAULT_BALANCER_SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { mix32 } from "../../../core/balance/hashing.ts";
import { Load } from "../../../core/balance/load.ts";
import { randomStream } from "../../simulation/simulation.ts";

const NOW = 1_000;

interface State {
  readonly weight?: number;
  readonly inFlight?: number;
  readonly tookMs?: number; // of ten responses so far
}

function candidate({ weight = 1, inFlight = 0, tookMs = 20 }: State, index: number): Candidate {
  const load = new Load();
  for (let call = 0; call < 10; call++) load.end(load.begin(NOW, 9e9), NOW, tookMs);
  for (let call = 0; call < inFlight; call++) load.begin(NOW, 9e9);
  return { id: `endpoint-${index}`, weight, load };
}

/** How often each candidate is picked in 600 picks; no picked call is begun. */
function picked(kind: BalancerKind, states: readonly State[], seed = 5): number[] {
  const balancer = kind.create(states.map(candidate), DEFAULT_BALANCER_SETTINGS);
  const rng = randomStream(seed);
  const counts = states.map(() => 0);
  for (let pick = 0; pick < 600; pick++) counts[balancer.pick({ key: mix32(pick), now: NOW, rng, isEligible: () => true })]! += 1;
  return counts;
}

/** Both orders: an index must not decide. */
function expectAlways(kind: BalancerKind, better: State, worse: State): void {
  expect(picked(kind, [better, worse])).toEqual([600, 0]);
  expect(picked(kind, [worse, better])).toEqual([0, 600]);
}

describe.each(Object.entries(BALANCERS) as [string, BalancerKind][])("%s", (_, kind) => {
  it("gives the call to the less loaded of two, where it prefers idle endpoints; else load changes nothing", () => {
    if (!kind.prefersIdle) return expect(picked(kind, [{ inFlight: 9 }, {}])).toEqual(picked(kind, [{}, {}]));
    for (const [fewer, more] of [
      [0, 1],
      [1, 2],
      [5, 9],
    ] as const)
      expectAlways(kind, { inFlight: fewer }, { inFlight: more });
  });

  it("counts calls in flight for the weight, where it prefers idle endpoints", () => {
    if (!kind.prefersIdle) return expect(kind.isCyclic || kind.usesWeight).toBe(true); // then its shares do not follow load
    expectAlways(kind, { weight: 3, inFlight: 1 }, { weight: 1, inFlight: 0 });
    expectAlways(kind, { weight: 1, inFlight: 0 }, { weight: 2, inFlight: 3 });
    expectAlways(kind, { weight: 2 }, { weight: 1 });
  });

  it("gives the call to the faster of two, where it prefers fast endpoints; else times change nothing", () => {
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

  it("gives every endpoint its share of each cycle to one call, where it takes turns; else by chance or key", () => {
    const weights = kind.usesWeight ? [5, 1, 2] : [1, 1, 1];
    const cycle = weights.reduce((sum, weight) => sum + weight, 0);
    let isExact = true;
    for (const seed of [1, 2, 3, 4, 5]) {
      const balancer = kind.create(
        weights.map((weight, index) => candidate({ weight }, index)),
        DEFAULT_BALANCER_SETTINGS,
      );
      const rng = randomStream(seed);
      const order = Array.from({ length: 20 * cycle }, (_, pick) =>
        balancer.pick({ key: mix32(pick + seed), now: NOW, rng, isEligible: () => true }),
      );
      for (let start = 0; start + cycle <= order.length; start++) {
        const share = order.slice(start, start + cycle);
        for (const [index, weight] of weights.entries())
          isExact &&= Math.abs(share.filter((one) => one === index).length - weight) <= (kind.usesWeight ? 1 : 0);
      }
    }
    expect(isExact).toBe(kind.isCyclic);
  });

  it("gives closed endpoints' calls to the others, and goes on as before when they open", () => {
    const balancer = kind.create([{}, {}, {}].map(candidate), DEFAULT_BALANCER_SETTINGS);
    const rng = randomStream(3);
    const pick = (key: number, closed: number): number =>
      balancer.pick({ key: mix32(key), now: NOW, rng, isEligible: (index) => index !== closed });
    const during = new Set(Array.from({ length: 100 }, (_, key) => pick(key, 1)));
    expect([...during].sort()).toEqual([0, 2]);
    expect(new Set(Array.from({ length: 100 }, (_, key) => pick(key, -1))).size).toBe(3);
  });
});

describe("round_robin", () => {
  it("goes from each endpoint to the next, begins anywhere, and passes over closed ones", () => {
    for (const [roll, want] of [
      [0, [0, 1, 2, 3, 0]],
      [0.5, [2, 3, 0, 1, 2]],
      [0.99, [3, 0, 1, 2, 3]],
    ] as const) {
      const balancer = BALANCERS.round_robin.create([{}, {}, {}, {}].map(candidate));
      const pick = (isEligible = (_: number) => true): number => balancer.pick({ key: 0, now: NOW, rng: () => roll, isEligible });
      expect([pick(), pick(), pick(), pick(), pick()]).toEqual(want);
      const after = want[4];
      expect(pick((index) => index !== (after + 1) % 4)).toBe((after + 2) % 4);
      expect(pick()).toBe((after + 3) % 4);
    }
  });
});

describe("weighted", () => {
  it("interleaves: the heavy one is not picked for its whole share in one go", () => {
    const balancer = BALANCERS.weighted.create([candidate({ weight: 5 }, 0), candidate({}, 1), candidate({}, 2)]);
    const order = Array.from({ length: 14 }, () => balancer.pick({ key: 0, now: NOW, rng: () => 0, isEligible: () => true }));
    expect(order).toEqual([0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]); // the order of nginx
  });

  it("starts isolates out of step", () => {
    const first = (roll: number, index: number): number => {
      let rolls = 0;
      const rng = () => (rolls++ === index ? roll : 0);
      return BALANCERS.weighted.create([{}, {}, {}].map(candidate)).pick({ key: 0, now: NOW, rng, isEligible: () => true });
    };
    expect([first(0.9, 0), first(0.9, 1), first(0.9, 2)]).toEqual([0, 1, 2]);
  });
});

describe("random", () => {
  it("goes by the share of each open endpoint", () => {
    const balancer = BALANCERS.random.create([{ weight: 1 }, { weight: 2 }, { weight: 1 }].map(candidate));
    const pick = (roll: number, closed = -1): number =>
      balancer.pick({ key: 0, now: NOW, rng: () => roll, isEligible: (index) => index !== closed });
    expect([0, 0.249, 0.25, 0.749, 0.75, 0.999].map((roll) => pick(roll))).toEqual([0, 0, 1, 1, 2, 2]);
    expect([0, 0.499, 0.5, 0.999].map((roll) => pick(roll, 1))).toEqual([0, 0, 2, 2]);
    expect(pick(1, 2)).toBe(1); // sums of fractions may come out a little low
  });
});

describe.each(["least_request", "p2c_ewma"] as const)("%s", (name) => {
  it("of two equal ones picks the one that was drawn first, and none where none is open", () => {
    const balancer = BALANCERS[name].create([{}, {}, {}, {}].map(candidate));
    for (const [first, second] of [
      [0.1, 0.9],
      [0.9, 0.1],
    ] as const) {
      let rolls = 0;
      const rng = () => (rolls++ === 0 ? first : second);
      expect(balancer.pick({ key: 0, now: NOW, rng, isEligible: () => true })).toBe(Math.floor(first * 4));
    }
    expect(balancer.pick({ key: 0, now: NOW, rng: () => 0, isEligible: () => false })).toBe(-1);
  });
});

describe("p2c_ewma", () => {
  it("tries an endpoint that was never called, once until it has responded", () => {
    const fresh = { id: "fresh", weight: 1, load: new Load() };
    const balancer = BALANCERS.p2c_ewma.create([candidate({ tookMs: 900 }, 0), fresh]);
    const pick = (): number => balancer.pick({ key: 0, now: NOW, rng: randomStream(2), isEligible: () => true });
    expect(pick()).toBe(1);
    fresh.load.begin(NOW, 9e9);
    expect(pick()).toBe(0); // 900 before 2 000
    const slow = BALANCERS.p2c_ewma.create([candidate({ tookMs: 2_500 }, 0), fresh]);
    expect(slow.pick({ key: 0, now: NOW, rng: randomStream(2), isEligible: () => true })).toBe(1); // 2 000 before 2 500
  });
});

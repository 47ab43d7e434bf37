// The costs of methods, and a balancer that counts calls in flight by their cost.
import { describe, expect, it } from "vitest";
import { learnedCost, MethodCosts } from "../../../../core/balance/algorithms/learned-cost.ts";
import { Load } from "../../../../core/balance/load.ts";
import { randomStream } from "../../../simulation/simulation.ts";

/** Responses of two methods, one of which takes nine times as long as the other. */
function trained(responses: number, ratios = [1 / 3, 3], noise = 0): MethodCosts {
  const costs = new MethodCosts();
  const rng = randomStream(1);
  for (let n = 0; n < responses; n++) costs.learn(n % 2, ratios[n % 2]! * Math.exp(noise * (rng() - 0.5)));
  return costs;
}

describe("MethodCosts", () => {
  it("is 1 for every method before there are enough responses", () => {
    expect(trained(199).costOf(1)).toBe(1);
    expect(trained(199).explained).toBe(0);
    expect(trained(200).explained).toBeGreaterThan(0.9);
    expect(trained(200).costOf(1)).toBeGreaterThan(1.5);
  });

  it("learns the cost of methods relative to the mean call", () => {
    const costs = trained(4_000);
    const mean = (1 / 3 + 3) / 2;
    expect(costs.costOf(1)).toBeCloseTo(3 / mean, 1);
    expect(costs.costOf(0)).toBeCloseTo(1 / 3 / mean, 1);
    expect(costs.explained).toBeGreaterThan(0.99);
  });

  it("explains the share of the variance that methods have, whatever the scale of the ratios", () => {
    const { explained } = trained(4_000, [1 / 3, 3], 4); // variances: 1.21 of methods, 1.33 of noise
    expect(explained).toBeGreaterThan(0.35);
    expect(explained).toBeLessThan(0.6);
    expect(trained(4_000, [100 / 3, 300], 4).explained).toBeCloseTo(explained, 6);
  });

  it("weighs methods by how often they are called", () => {
    const costs = new MethodCosts();
    for (let n = 0; n < 8_000; n++) costs.learn(n % 10 === 0 ? 1 : 0, n % 10 === 0 ? 10 : 1);
    expect(costs.costOf(1) / costs.costOf(0)).toBeCloseTo(10, 5);
    expect(Math.abs(costs.costOf(0) - 1 / 1.9)).toBeLessThan(0.05);
  });

  it("is 1 where methods do not explain the times", () => {
    const noisy = trained(4_000, [0.9, 1.1], 4);
    expect(noisy.explained).toBeLessThan(0.3);
    expect(noisy.costOf(1)).toBe(1);
    expect(trained(4_000, [1, 1]).explained).toBe(0);
    expect(trained(4_000, [1, 1]).costOf(0)).toBe(1);
  });

  it("is 1 for an unknown method, and for one with fewer than five responses", () => {
    const costs = trained(4_000);
    expect(costs.costOf(7)).toBe(1);
    for (let n = 0; n < 4; n++) costs.learn(7, 3);
    expect(costs.costOf(7)).toBe(1);
    costs.learn(7, 3);
    expect(costs.costOf(7)).toBeCloseTo(costs.costOf(1), 1);
  });

  it("limits costs to 0.02 and 50", () => {
    const wide = new MethodCosts();
    for (let n = 0; n < 20_000; n++) wide.learn(n % 1_000 === 0 ? 1 : 0, n % 1_000 === 0 ? 1e6 : 1);
    for (let n = 0; n < 20; n++) wide.learn(2, 1e-6);
    expect(wide.costOf(1)).toBe(50);
    expect(wide.costOf(2)).toBe(0.02);
  });

  it("ignores ratios that are not positive", () => {
    const costs = trained(4_000);
    const before = costs.costOf(1);
    for (const ratio of [0, -1, Number.NaN]) for (let n = 0; n < 100; n++) costs.learn(1, ratio);
    expect(costs.costOf(1)).toBe(before);
  });

  it("follows a method that changes, and not a single response", () => {
    const costs = trained(4_000);
    const before = costs.costOf(1);
    costs.learn(1, 300);
    expect(costs.costOf(1) / before).toBeLessThan(1.15);
    for (let n = 0; n < 1_000; n++) costs.learn(n % 3, n % 3 === 2 ? 3 : 1 / 3);
    expect(costs.costOf(1)).toBeLessThan(before / 3);
  });

  it("learns a thousand methods, and counts the others as cost 1", () => {
    const costs = new MethodCosts();
    for (let n = 0; n < 20_000; n++) costs.learn(n % 1_000, n % 2 === 0 ? 1 / 3 : 3);
    for (let n = 0; n < 20; n++) costs.learn(5_000, 3);
    expect(costs.costOf(999)).toBeGreaterThan(1.5);
    expect(costs.costOf(5_000)).toBe(1);
    for (let n = 0; n < 200; n++) costs.learn(0, 1 / 3);
    expect(costs.costOf(0)).toBeLessThan(0.8);
  });
});

describe("learnedCost", () => {
  const two = () => [new Load(), new Load()].map((load, index) => ({ id: `${index}`, weight: 1, load }));
  const pick = (balancer: ReturnType<typeof learnedCost>, random = 0, method?: number) =>
    balancer.pick({ key: 0, now: 0, rng: () => random, isEligible: () => true, ...(method === undefined ? {} : { method }) });

  it("counts the work in flight, not the calls", () => {
    const candidates = two();
    const balancer = learnedCost(candidates);
    candidates[0]!.load.begin(0, 9e9, 5); // one expensive call
    candidates[1]!.load.begin(0, 9e9, 1);
    candidates[1]!.load.begin(0, 9e9, 1);
    expect([pick(balancer, 0), pick(balancer, 0.9)]).toEqual([1, 1]);
  });

  it("adds the cost of the call itself: expensive calls go to the fast endpoint, cheap ones to the idle one", () => {
    const candidates = two();
    const balancer = learnedCost(candidates);
    for (let n = 0; n < 4_000; n++) balancer.learn!(n % 2, n % 2 === 0 ? 1 / 9 : 9);
    for (const [index, tookMs] of [10, 50].entries())
      for (let n = 0; n < 10; n++) candidates[index]!.load.end(candidates[index]!.load.begin(0, 9e9), 0, tookMs);
    candidates[0]!.load.begin(0, 9e9, 1); // (1 + cost) x 10 against cost x 50: even at a cost of 0.25
    expect(balancer.costOf!(0)).toBeLessThan(0.2);
    expect(balancer.costOf!(1)).toBeGreaterThan(1.5);
    expect([pick(balancer, 0, 0), pick(balancer, 0.9, 0)]).toEqual([1, 1]);
    expect([pick(balancer, 0, 1), pick(balancer, 0.9, 1)]).toEqual([0, 0]);
    expect([pick(balancer, 0), pick(balancer, 0.9)]).toEqual([1, 1]); // a call without a method is method 0
  });

  it("begins at a random candidate", () => {
    const balancer = learnedCost(two());
    expect([pick(balancer, 0), pick(balancer, 0.6)]).toEqual([0, 1]);
  });
});

// Who of the endpoints of an upstream may be picked, whatever becomes of them.
import { describe, expect, it } from "vitest";
import { BALANCERS, type BalancerName } from "../../../core/balance/balancers.ts";
import { Fleet, type Member } from "../../../core/balance/fleet.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const rng = randomStream(11);
const member = (id: string, more: Partial<Member> = {}): Member => ({ id, weight: 1, priority: 0, isDraining: false, ...more });
const fleet = (members: readonly Member[], balancer: BalancerName = "least_time", slowStartMs = 10_000) =>
  new Fleet(members, { balancer, maxConcurrent: 500, maxLoadFactor: Number.POSITIVE_INFINITY, slowStartMs, breaker: BREAKER });

/** How often each was picked, for keys that spread; none of the calls is begun. */
function picked(of: Fleet, picks: number, now: number, tried: ReadonlySet<string> = new Set()): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let key = 0; key < picks; key++) {
    const found = of.pick({ key: Math.imul(key, 2_654_435_761) >>> 0, now, rng, tried });
    const id = found.kind === "picked" ? found.id : found.kind;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe.each(Object.keys(BALANCERS) as BalancerName[])("%s", (balancer) => {
  it("calls all where the checks of all fail: a wrong guess must not close an upstream", () => {
    const all = fleet([member("a", { isHealthy: false }), member("b", { isHealthy: false })], balancer);
    expect(Object.keys(picked(all, 200, 0)).sort()).toEqual(["a", "b"]);
  });

  it("calls the only one there is, again where it has been tried, and nobody where it drains", () => {
    const one = fleet([member("a")], balancer);
    expect(picked(one, 20, 0)).toEqual({ a: 20 });
    expect(picked(one, 20, 0, new Set(["a"]))).toEqual({ a: 20 });
    one.replace([member("a", { isDraining: true })], 1);
    expect(picked(one, 3, 1)).toEqual({ none: 3 });
  });

  it("gives one that drains nothing, and one whose checks fail nothing while others are well", () => {
    const members = [member("a"), member("b", { isDraining: true }), member("c", { isHealthy: false }), member("d"), member("e")];
    expect(Object.keys(picked(fleet(members, balancer), 300, 0)).sort()).toEqual(["a", "d", "e"]);
  });

  it("picks of a thousand", () => {
    const members = Array.from({ length: 1_000 }, (_, index) => member(`endpoint-${index}`));
    expect(Object.keys(picked(fleet(members, balancer), 300, 0)).length).toBeGreaterThan(50);
  });
});

it("knows of an endpoint that flaps what it knew, however often the list changes", () => {
  const two = fleet([member("slow"), member("fast")], "least_time", 0);
  for (const [id, tookMs] of [
    ["slow", 500],
    ["fast", 5],
  ] as const) {
    for (let n = 0; n < 5; n++) {
      const found = two.pick({ key: 0, now: 0, rng, tried: new Set([id === "slow" ? "fast" : "slow"]) });
      if (found.kind !== "picked") throw new Error("nobody was found");
      expect(found.id).toBe(id);
      two.succeeded(id, { permit: two.begin(id, 0, 9e9)!, admission: found.admission, now: tookMs, random: 0.5 });
    }
  }
  for (let change = 1; change <= 50; change++) two.replace([member("slow", { isHealthy: change % 2 === 0 }), member("fast")], change);
  expect(picked(two, 200, 1_000)["fast"]).toBeGreaterThan(190);
});

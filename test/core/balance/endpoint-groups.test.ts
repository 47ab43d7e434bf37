// Which endpoint of a fleet gets a call: priorities, zones, health, drains, full and shedding endpoints, breakers, and the slow start.
import { describe, expect, it } from "vitest";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import type { Fleet } from "../../../core/balance/fleet.ts";
import { ANYWHERE } from "../../../core/balance/locality.ts";
import type { Member } from "../../../core/balance/member.ts";
import { UNRECORDED } from "../../../core/breaker/admission.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { BalancerName } from "../../../core/config/upstream.ts";
import { randomStream } from "../../simulation/simulation.ts";
import { attemptAt, begin, fail, fleetOf, idOf, member, NOW, pickedIds, requestOf } from "./fleets.ts";

describe.each(Object.keys(BALANCERS) as BalancerName[])("a pick with %s", (balancer) => {
  const rng = randomStream(11);
  /** The different endpoints that calls with spread keys go to. */
  const reached = (fleet: Fleet, picks: number, tried: ReadonlySet<string> = new Set()): string[] => {
    const ids = Array.from({ length: picks }, (_, key) =>
      idOf(fleet.pick(requestOf({ key: Math.imul(key, 2_654_435_761) >>> 0, rng, tried }))),
    );
    return [...new Set(ids)].sort();
  };
  const balanced = (members: readonly (Member | string)[]) => fleetOf(members, { balancer, maxConcurrent: 500 });

  it("calls all endpoints where the health checks of all fail", () => {
    expect(reached(balanced([member("a", { isHealthy: false }), member("b", { isHealthy: false })]), 200)).toEqual(["a", "b"]);
  });

  it("calls a single endpoint, again where it was tried, and none where it drains", () => {
    const fleet = balanced(["a"]);
    expect(reached(fleet, 20)).toEqual(["a"]);
    expect(reached(fleet, 20, new Set(["a"]))).toEqual(["a"]);
    fleet.replace([member("a", { isDraining: true })], NOW + 1);
    expect(reached(fleet, 3)).toEqual(["none"]);
  });

  it("calls no endpoint that drains, and no unhealthy one while others are healthy", () => {
    const members = [member("a"), member("b", { isDraining: true }), member("c", { isHealthy: false }), member("d"), member("e")];
    expect(reached(balanced(members), 300)).toEqual(["a", "d", "e"]);
  });

  it("picks from a thousand", () => {
    const members = Array.from({ length: 1_000 }, (_, index) => member(`endpoint-${index}`));
    expect(reached(balanced(members), 300).length).toBeGreaterThan(50);
  });
});

describe("the picked endpoint", () => {
  it("belongs to the first priority that has one", () => {
    const members = [member("b", { priority: 1 }), member("a"), member("c", { priority: 2 })];
    expect(pickedIds(fleetOf(members))).toBe("a");
    expect(pickedIds(fleetOf(members.filter(({ id }) => id !== "a")))).toBe("b");
    expect(pickedIds(fleetOf([...members, member("d", { isDraining: true })]))).toBe("a");
    expect(pickedIds(fleetOf([members[0]!, { ...members[1]!, isHealthy: false }]))).toBe("b");
    expect(pickedIds(fleetOf([]))).toBe("none");
    expect(pickedIds(fleetOf([member("a", { isDraining: true })]))).toBe("none");
    expect(fleetOf(members).size).toBe(3);
  });

  it("belongs to the next priority where all of one are full or were tried", () => {
    const fleet = fleetOf(["a", member("b", { priority: 1 })]);
    expect(pickedIds(fleet, { tried: new Set(["a"]) })).toBe("b");
    begin(fleet, "a", 1);
    expect(pickedIds(fleet)).toBe("a");
    begin(fleet, "a", 1);
    expect(pickedIds(fleet)).toBe("b");
    expect(fleet.isFull(NOW)).toBe(false);
    begin(fleet, "b", 2);
    expect(pickedIds(fleet)).toBe("full");
    expect(fleet.isFull(NOW)).toBe(true);
    expect(fleet.isFull(NOW + 15_000)).toBe(false);
    expect(fleetOf([]).isFull(NOW)).toBe(false);
  });

  it("was tried before only where no other is left", () => {
    const fleet = fleetOf(["a", "b"]);
    expect(pickedIds(fleet, { tried: new Set(["a"]) })).toBe("b");
    expect(pickedIds(fleet, { tried: new Set(["a", "b"]) })).toBe("a,b");
    begin(fleet, "b", 2);
    expect(fleet.pick(requestOf({ tried: new Set(["a"]) }))).toMatchObject({ kind: "picked", id: "a", isRepeated: true });
    expect(fleet.pick(requestOf())).toMatchObject({ kind: "picked", id: "a", isRepeated: false });
  });

  it("is healthy unless more than 70 % of the endpoints are not", () => {
    const unhealthy = (id: string): Member => member(id, { isHealthy: false });
    expect(pickedIds(fleetOf(["a", "b", unhealthy("c")]))).toBe("a,b");
    expect(pickedIds(fleetOf(["a", unhealthy("b"), unhealthy("c")]))).toBe("a"); // 67 %
    expect(pickedIds(fleetOf(["a", unhealthy("b"), unhealthy("c"), unhealthy("d")]))).toBe("a,b,c,d"); // 75 %
    expect(pickedIds(fleetOf([unhealthy("a"), unhealthy("b")]))).toBe("a,b");
    const busy = fleetOf(["a", unhealthy("b")]);
    begin(busy, "a", 2);
    expect(pickedIds(busy)).toBe("b"); // health checks may be wrong
  });

  it("is in the isolate's zone while at most 30 % of the zone are unhealthy", () => {
    const inZone = (id: string, zone: string, more: Partial<Member> = {}): Member => member(id, { zone, ...more });
    const located = (unhealthy: number): Fleet => {
      const near = Array.from({ length: 10 }, (_, index) => inZone(`n${index}`, "eu", { isHealthy: index >= unhealthy }));
      const fleet = fleetOf([...near, inZone("x", "us")]);
      fleet.setLocation({ ...ANYWHERE, zone: "eu" }, NOW);
      return fleet;
    };
    expect(pickedIds(located(0), {}, 40)).not.toContain("x");
    expect(pickedIds(located(3), {}, 40)).not.toContain("x");
    expect(pickedIds(located(4), {}, 40)).toContain("x");
  });

  it("may be any of a priority while no more than 30 % of it are unhealthy, whatever that share is", () => {
    const all = Array.from({ length: 10 }, (_, index) => member(`n${index}`, { isHealthy: index >= 5 }));
    expect(pickedIds(fleetOf(all), {}, 40)).toBe("n5,n6,n7,n8,n9"); // a whole priority does not spill over
  });
});

describe("breakers", () => {
  it("keep calls from an endpoint that fails, and let one probe through", () => {
    const fleet = fleetOf(["a", "b", "c"]);
    fail(fleet, "a", BREAKER.consecutive - 1);
    expect(pickedIds(fleet)).toBe("a,b,c");
    fail(fleet, "a", 1);
    expect(pickedIds(fleet)).toBe("b,c");
    const probe = fleet.pick(requestOf({ now: NOW + 1_000 }));
    expect(probe).toMatchObject({ kind: "picked", id: "a", isReportedOnly: false });
    expect(pickedIds(fleet, { now: NOW + 1_000 })).toBe("b,c");
    if (probe.kind !== "picked") throw new Error(probe.kind);
    fleet.succeeded("a", { permit: fleet.begin("a", NOW, NOW + 9_000)!, admission: probe.admission, now: NOW + 1_001, random: 0 });
    expect(pickedIds(fleet, { now: NOW + 1_002 })).toBe("a,b,c");
  });

  it("send no probe to an endpoint that was tried, is full or unhealthy", () => {
    const later = { now: NOW + 1_000 };
    const withOpenBreaker = (): Fleet => {
      const fleet = fleetOf(["a", "b"]);
      fail(fleet, "a");
      return fleet;
    };
    expect(idOf(withOpenBreaker().pick(requestOf(later)))).toBe("a");
    expect(idOf(withOpenBreaker().pick(requestOf({ ...later, tried: new Set(["a"]) })))).toBe("b");
    const full = withOpenBreaker();
    begin(full, "a", 2);
    expect(idOf(full.pick(requestOf(later)))).toBe("b");
    const unhealthy = withOpenBreaker();
    unhealthy.replace([member("a", { isHealthy: false }), member("b")], NOW);
    expect(idOf(unhealthy.pick(requestOf(later)))).toBe("b");
  });

  it("refuse a call only where all are open, with the shortest time after which to retry", () => {
    const fleet = fleetOf(["a", "b"], { breaker: { ...BREAKER, maxOpenPercent: 100 } });
    fail(fleet, "a", BREAKER.consecutive, true, NOW - 400);
    fail(fleet, "b");
    expect(fleet.pick(requestOf())).toEqual({ kind: "open", retryAfterMs: 600 });
  });

  it("say that endpoints are full, and not open, where one is full and the other one's breaker is open", () => {
    const fleet = fleetOf(["a", "b"]);
    fail(fleet, "a");
    begin(fleet, "b", 2);
    begin(fleet, "a", 2);
    expect(pickedIds(fleet)).toBe("full");
  });

  it("only report, or do nothing, where the mode says so", () => {
    const report = fleetOf(["a"], { breaker: { ...BREAKER, mode: "report" } });
    fail(report, "a");
    expect(report.pick(requestOf())).toMatchObject({ kind: "picked", id: "a", isReportedOnly: true });
    const off = fleetOf(["a"], { breaker: { ...BREAKER, mode: "off" } });
    fail(off, "a", 20);
    expect(off.pick(requestOf())).toMatchObject({ kind: "picked", id: "a", isReportedOnly: false });
  });

  it("only report for a caller for whom they are not enforced: where all endpoints would refuse, and none wants a probe", () => {
    const fleet = fleetOf(["a", "b"]);
    fail(fleet, "a");
    expect(fleet.pick(requestOf({ isReported: true }))).toMatchObject({ kind: "picked", isReportedOnly: false }); // b would take it
    fail(fleet, "b");
    expect(fleet.pick(requestOf({ isReported: true }))).toMatchObject({ kind: "picked", isReportedOnly: true });
    expect(fleet.pick(requestOf())).toMatchObject({ kind: "open" });
    expect(fleet.pick(requestOf({ isReported: true, now: NOW + 10_000 }))).toMatchObject({ kind: "picked", isReportedOnly: false });
  });

  it("divert no call in report mode", () => {
    const fleet = fleetOf(["a", "b", "c"], { balancer: "random", breaker: { ...BREAKER, mode: "report" } });
    fail(fleet, "c");
    for (let passedMs = 0; passedMs < 10_000; passedMs += 100) {
      expect(idOf(fleet.pick(requestOf({ now: NOW + passedMs })))).toBe("a"); // what rng gives
      expect(idOf(fleet.pick(requestOf({ now: NOW + passedMs, rng: () => 0.99 })))).toBe("c");
    }
  });
});

describe("the slow start", () => {
  it("gives an endpoint that joins later a growing share, from a tenth on; those of the first list have none", () => {
    const fleet = fleetOf(["a"]);
    fleet.replace([member("a"), member("b")], NOW);
    const rng = randomStream(3);
    const share = (now: number): number => {
      let count = 0;
      for (let pick = 0; pick < 2_000; pick++) count += idOf(fleet.pick(requestOf({ now, rng }))) === "b" ? 1 : 0;
      return count / 2_000;
    };
    expect(share(NOW)).toBeLessThan(0.15);
    expect(share(NOW)).toBeGreaterThan(0.05);
    expect(share(NOW + 5_000)).toBeGreaterThan(0.25);
    expect(share(NOW + 5_000)).toBeLessThan(0.42);
    expect(share(NOW + 10_000)).toBe(0.5);
    expect(pickedIds(fleetOf(["a", "b"]), { rng: () => 0.99, now: 0 })).toBe("a,b");
  });

  it("ends at its time, to the ms, and compares a random number with the warmth", () => {
    const fleet = fleetOf(["a"]);
    fleet.replace([member("a"), member("b")], NOW);
    const pickedAt = (passedMs: number, random: number) => pickedIds(fleet, { now: NOW + passedMs, rng: () => random });
    expect([pickedAt(5_000, 0.499), pickedAt(5_000, 0.5)]).toEqual(["a,b", "a"]);
    expect([pickedAt(500, 0.0999), pickedAt(500, 0.1)]).toEqual(["a,b", "a"]);
    expect([pickedAt(9_999, 0.9999), pickedAt(10_000, 0.9999)]).toEqual(["a", "a,b"]);
  });

  it("does not apply where no other endpoint is there, or where keys decide", () => {
    const fleet = fleetOf(["a"]);
    fleet.replace([member("b")], NOW);
    expect(pickedIds(fleet, { rng: () => 0.99 })).toBe("b");
    const keyed = fleetOf(["a"], { balancer: "rendezvous" });
    keyed.replace([member("a"), member("b")], NOW);
    const ids = Array.from({ length: 200 }, (_, key) => idOf(keyed.pick(requestOf({ key: key * 7_919, rng: () => 0.99 }))));
    expect(ids.filter((id) => id === "b").length).toBeGreaterThan(60);
  });
});

describe("shed levels", () => {
  it("keep calls of lower rank from an endpoint until they expire; others take them", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 1, NOW + 500);
    expect(pickedIds(fleet, { rank: 0 })).toBe("b");
    expect(pickedIds(fleet, { rank: 1 })).toBe("a,b");
    expect(pickedIds(fleet)).toBe("a,b");
    expect(pickedIds(fleet, { rank: 0, now: NOW + 500 })).toBe("a,b");
    fleet.setShedLevel("b", 1, NOW + 900);
    expect(pickedIds(fleet, { rank: 0 })).toBe("shed");
    expect(pickedIds(fleet, { rank: 0, now: NOW + 600 })).toBe("a");
    expect(pickedIds(fleet, { rank: 3 })).toBe("a,b");
    fleet.setShedLevel("a", 0, NOW + 900);
    expect(pickedIds(fleet, { rank: 0 })).toBe("a");
  });

  it("are compared with one random number for all endpoints", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 0.5, NOW + 500);
    fleet.setShedLevel("b", 0.5, NOW + 500);
    expect(pickedIds(fleet, { rank: 0, rng: () => 0.49 })).toBe("shed");
    expect(pickedIds(fleet, { rank: 0, rng: () => 0.5 })).toBe("a,b");
  });

  it("shed the share of the calls that all endpoints report, and no critical call", () => {
    const ids = ["a", "b", "c", "d"];
    const fleet = fleetOf(ids, { balancer: "random" });
    for (const id of ids) fleet.setShedLevel(id, 0.3, NOW + 1_000);
    const rng = randomStream(3);
    const shed = (rank: number): number =>
      Array.from({ length: 1_000 }, () => idOf(fleet.pick(requestOf({ rank, rng })))).filter((id) => id === "shed").length;
    expect(shed(0)).toBeGreaterThan(240);
    expect(shed(0)).toBeLessThan(360);
    expect(shed(1)).toBe(0);
    for (const id of ids) fleet.setShedLevel(id, 3, NOW + 1_000);
    expect([shed(1), shed(3)]).toEqual([1_000, 0]);
  });
});

describe("the costs of methods", () => {
  it("are learned and used for each priority by itself, and not for draining endpoints", () => {
    const settings: Partial<FleetSettings> = { balancer: "learned", breaker: { ...BREAKER, mode: "off" } };
    const fleet = fleetOf([member("a"), member("b", { priority: 1 })], settings);
    const learnFrom = (id: string) => {
      for (let n = 0; n < 600; n++) {
        const method = n % 2;
        const now = NOW + n * 10;
        const permit = fleet.begin(id, now, now + 60_000, method)!;
        fleet.succeeded(id, { permit, admission: UNRECORDED, now: now + (method === 1 ? 90 : 10), random: 0, method });
      }
    };
    learnFrom("b");
    const costOf = (id: string, method: number) => fleet.begin(id, 1e9, 2e9, method)!.cost;
    expect(costOf("b", 1)).toBeGreaterThan(1.3);
    expect(costOf("b", 0)).toBeLessThan(0.7);
    expect([costOf("a", 1), costOf("a", 0)]).toEqual([1, 1]);
    fleet.replace([member("a"), member("b", { priority: 1, isDraining: true }), member("c", { priority: 1 })], NOW);
    learnFrom("c");
    expect(costOf("c", 1)).toBeGreaterThan(1.3);
    expect(costOf("b", 1)).toBe(1);
  });

  it("are 1 where the balancer does not learn them", () => {
    const fleet = fleetOf(["a"]);
    fleet.succeeded("a", attemptAt(fleet, "a"));
    expect(fleet.begin("a", NOW, NOW + 1, 5)!.cost).toBe(1);
  });
});

// Which endpoint of a fleet gets a call: priorities, health, drains, full and shedding endpoints, breakers, and warming up.
import { describe, expect, it } from "vitest";
import type { BalancerName } from "../../../core/balance/balancers.ts";
import { Fleet, type FleetSettings, type Member, type PickRequest, type PickResult } from "../../../core/balance/fleet.ts";
import { ANYWHERE } from "../../../core/balance/locality.ts";
import { UNRECORDED } from "../../../core/breaker/admission.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const NOW = 100_000;
const member = (id: string, more: Partial<Member> = {}): Member => ({ id, weight: 1, priority: 0, isDraining: false, ...more });
const SETTINGS: FleetSettings = {
  ...{ balancer: "round_robin" as BalancerName, maxConcurrent: 2, maxLoadFactor: Number.POSITIVE_INFINITY },
  ...{ slowStartMs: 10_000, breaker: BREAKER },
};
const fleetOf = (members: readonly (Member | string)[], more: Partial<FleetSettings> = {}) =>
  new Fleet(
    members.map((one) => (typeof one === "string" ? member(one) : one)),
    { ...SETTINGS, ...more },
  );
const wanted = (more: Partial<PickRequest> = {}): PickRequest => ({ key: 0, now: NOW, rng: () => 0, tried: new Set<string>(), ...more });
const idOf = (found: PickResult): string => (found.kind === "picked" ? found.id : found.kind);
/** The ids of some picks in a row, sorted, each once. */
const picked = (fleet: Fleet, more: Partial<PickRequest> = {}, picks = 12): string =>
  [...new Set(Array.from({ length: picks }, () => idOf(fleet.pick(wanted(more)))))].sort().join(",");
const begin = (fleet: Fleet, id: string, calls: number, now = NOW) =>
  Array.from({ length: calls }, () => fleet.begin(id, now, now + 15_000)!);
/** Fails so often in a row that the breaker of this isolate opens. */
function fail(fleet: Fleet, id: string, times = BREAKER.consecutive, isEvident = true, now = NOW): void {
  for (let n = 0; n < times; n++) {
    const others = new Set(["a", "b", "c", "d", "e", "f", "x"].filter((other) => other !== id));
    const found = fleet.pick(wanted({ tried: others, now }));
    if (found.kind !== "picked") throw new Error(found.kind);
    fleet.failed(
      found.id,
      { permit: fleet.begin(found.id, now, now + 100)!, admission: found.admission, now, random: 0 },
      15_000,
      isEvident,
    );
  }
}

describe("the endpoint for a call", () => {
  it("is of the first priority that has one", () => {
    const members = [member("b", { priority: 1 }), member("a"), member("c", { priority: 2 })];
    expect(picked(fleetOf(members))).toBe("a");
    expect(picked(fleetOf(members.filter(({ id }) => id !== "a")))).toBe("b");
    expect(picked(fleetOf([...members, member("d", { isDraining: true })]))).toBe("a");
    expect(picked(fleetOf([members[0]!, { ...members[1]!, isHealthy: false }]))).toBe("b");
    expect(picked(fleetOf([]))).toBe("none");
    expect(picked(fleetOf([member("a", { isDraining: true })]))).toBe("none");
    expect(fleetOf(members).size).toBe(3);
  });

  it("goes to the next priority where all of one are full or were tried", () => {
    const fleet = fleetOf(["a", member("b", { priority: 1 })]);
    expect(picked(fleet, { tried: new Set(["a"]) })).toBe("b");
    begin(fleet, "a", 1);
    expect(picked(fleet)).toBe("a");
    begin(fleet, "a", 1);
    expect(picked(fleet)).toBe("b");
    expect(fleet.isFull(NOW)).toBe(false);
    begin(fleet, "b", 2);
    expect(picked(fleet)).toBe("full");
    expect(fleet.isFull(NOW)).toBe(true);
    expect(fleet.isFull(NOW + 15_000)).toBe(false);
    expect(fleetOf([]).isFull(NOW)).toBe(false);
  });

  it("is one that was tried only where no other is left", () => {
    const fleet = fleetOf(["a", "b"]);
    expect(picked(fleet, { tried: new Set(["a"]) })).toBe("b");
    expect(picked(fleet, { tried: new Set(["a", "b"]) })).toBe("a,b");
    begin(fleet, "b", 2);
    expect(picked(fleet, { tried: new Set(["a"]) })).toBe("a");
  });

  it("is healthy where too many are not left out by that", () => {
    const sick = (id: string): Member => member(id, { isHealthy: false });
    expect(picked(fleetOf(["a", "b", sick("c")]))).toBe("a,b");
    expect(picked(fleetOf(["a", sick("b"), sick("c")]))).toBe("a"); // 67 %
    expect(picked(fleetOf(["a", sick("b"), sick("c"), sick("d")]))).toBe("a,b,c,d"); // 75 % are more than 70 %
    expect(picked(fleetOf([sick("a"), sick("b")]))).toBe("a,b");
    const busy = fleetOf(["a", sick("b")]);
    begin(busy, "a", 2);
    expect(picked(busy)).toBe("b"); // a wrong guess must not close an upstream
  });
});

describe("breakers of a fleet", () => {
  it("keep calls from an endpoint that fails, let one find out, and say when where all of them fail", () => {
    const fleet = fleetOf(["a", "b", "c"]);
    fail(fleet, "a", BREAKER.consecutive - 1);
    expect(picked(fleet)).toBe("a,b,c");
    fail(fleet, "a", 1);
    expect(picked(fleet)).toBe("b,c");
    const probe = fleet.pick(wanted({ now: NOW + 1_000 }));
    expect(probe).toMatchObject({ kind: "picked", id: "a", isReportedOnly: false });
    expect(picked(fleet, { now: NOW + 1_000 })).toBe("b,c");
    if (probe.kind !== "picked") throw new Error(probe.kind);
    fleet.succeeded("a", { permit: fleet.begin("a", NOW, NOW + 9_000)!, admission: probe.admission, now: NOW + 1_001, random: 0 });
    expect(picked(fleet, { now: NOW + 1_002 })).toBe("a,b,c");
  });

  it("gives a probe to no endpoint that was tried, is full or not healthy", () => {
    const later = { now: NOW + 1_000 };
    const shut = (members: readonly (Member | string)[]): Fleet => {
      const fleet = fleetOf(members);
      fail(fleet, "a");
      return fleet;
    };
    expect(idOf(shut(["a", "b"]).pick(wanted(later)))).toBe("a");
    expect(idOf(shut(["a", "b"]).pick(wanted({ ...later, tried: new Set(["a"]) })))).toBe("b");
    const full = shut(["a", "b"]);
    begin(full, "a", 2);
    expect(idOf(full.pick(wanted(later)))).toBe("b");
    const sick = shut(["a", "b"]);
    sick.replace([member("a", { isHealthy: false }), member("b")], NOW);
    expect(idOf(sick.pick(wanted(later)))).toBe("b");
  });

  it("say when to come back where the breakers of all are open", () => {
    const fleet = fleetOf(["a", "b"], { breaker: { ...BREAKER, maxOpenPercent: 100 } });
    fail(fleet, "a", BREAKER.consecutive, true, NOW - 400);
    fail(fleet, "b");
    expect(fleet.pick(wanted())).toEqual({ kind: "open", retryAfterMs: 600 });
  });

  it("only report, or do nothing, where the mode says so", () => {
    const report = fleetOf(["a"], { breaker: { ...BREAKER, mode: "report" } });
    fail(report, "a");
    expect(report.pick(wanted())).toMatchObject({ kind: "picked", id: "a", isReportedOnly: true });
    const off = fleetOf(["a"], { breaker: { ...BREAKER, mode: "off" } });
    fail(off, "a", 20);
    expect(off.pick(wanted())).toMatchObject({ kind: "picked", id: "a", isReportedOnly: false });
  });

  it("learn nothing of a failure that speaks of the call, or of a caller that went away", () => {
    const fleet = fleetOf(["a", "b"]);
    fail(fleet, "a", 20, false);
    expect(picked(fleet)).toBe("a,b");
    for (let n = 0; n < 20; n++) {
      const found = fleet.pick(wanted());
      if (found.kind !== "picked") throw new Error(found.kind);
      fleet.drop(found.id, { permit: fleet.begin(found.id, NOW, NOW + 100)!, admission: found.admission, now: NOW, random: 0 });
    }
    expect(picked(fleet)).toBe("a,b");
    expect(fleet.isFull(NOW)).toBe(false);
  });
});

describe("an endpoint that comes later", () => {
  it("grows into its share over the slow start, from a tenth on; those of the start are warm", () => {
    const fleet = fleetOf(["a"]);
    fleet.replace([member("a"), member("b")], NOW);
    const rng = randomStream(3);
    const share = (now: number): number => {
      let count = 0;
      for (let pick = 0; pick < 2_000; pick++) count += idOf(fleet.pick(wanted({ now, rng }))) === "b" ? 1 : 0;
      return count / 2_000;
    };
    expect(share(NOW)).toBeLessThan(0.15);
    expect(share(NOW)).toBeGreaterThan(0.05);
    expect(share(NOW + 5_000)).toBeGreaterThan(0.25);
    expect(share(NOW + 5_000)).toBeLessThan(0.42);
    expect(share(NOW + 10_000)).toBe(0.5);
    const fresh = fleetOf(["a", "b"]);
    expect(picked(fresh, { rng: () => 0.99, now: 0 })).toBe("a,b");
  });

  it("waits for nobody where it is alone, or where keys decide", () => {
    const fleet = fleetOf(["a"]);
    fleet.replace([member("b")], NOW);
    expect(picked(fleet, { rng: () => 0.99 })).toBe("b");
    const byKey = fleetOf(["a"], { balancer: "rendezvous" });
    byKey.replace([member("a"), member("b")], NOW);
    const found = Array.from({ length: 200 }, (_, key) => idOf(byKey.pick(wanted({ key: key * 7_919, rng: () => 0.99 }))));
    expect(found.filter((id) => id === "b").length).toBeGreaterThan(60);
  });
});

describe("an endpoint that sheds", () => {
  it("is spared calls below its level for as long as its word holds; others take them", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 1, NOW + 500);
    expect([fleet.shedLevelOf("a", NOW + 499), fleet.shedLevelOf("a", NOW + 500), fleet.shedLevelOf("b", NOW)]).toEqual([1, 0, 0]);
    expect(picked(fleet, { rank: 0 })).toBe("b");
    expect(picked(fleet, { rank: 1 })).toBe("a,b");
    expect(picked(fleet)).toBe("a,b");
    expect(picked(fleet, { rank: 0, now: NOW + 500 })).toBe("a,b");
    fleet.setShedLevel("b", 1, NOW + 900);
    expect(picked(fleet, { rank: 0 })).toBe("shed");
    expect(picked(fleet, { rank: 0, now: NOW + 600 })).toBe("a");
    expect(picked(fleet, { rank: 3 })).toBe("a,b");
    fleet.setShedLevel("a", 0, NOW + 900);
    expect(fleet.shedLevelOf("a", NOW)).toBe(0);
    fleet.setShedLevel("unknown", 1, NOW + 900);
    expect(fleet.shedLevelOf("unknown", NOW)).toBe(0);
  });

  it("sheds a call by one roll for all endpoints", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 0.5, NOW + 500);
    fleet.setShedLevel("b", 0.5, NOW + 500);
    expect(picked(fleet, { rank: 0, rng: () => 0.49 })).toBe("shed");
    expect(picked(fleet, { rank: 0, rng: () => 0.5 })).toBe("a,b");
  });
});

describe("what endpoints say of their load", () => {
  const told = (fleet: Fleet, id: string, predictedMs: number) =>
    fleet.report(id, { predictedMs }, fleet.begin(id, NOW, NOW + 15_000)!, NOW);

  it("has a middle, looked up ten times a second, of two endpoints or more", () => {
    const fleet = fleetOf(["a", "b", "c"]);
    expect(fleet.medianMs(NOW)).toBe(0);
    for (const [id, ms] of [
      ["a", 10],
      ["b", 30],
      ["c", 90],
    ] as const)
      told(fleet, id, ms);
    expect(fleet.medianMs(NOW + 99)).toBe(0);
    expect(fleet.medianMs(NOW + 100)).toBe(30);
    told(fleet, "b", 70);
    expect([fleet.medianMs(NOW + 199), fleet.medianMs(NOW + 200)]).toEqual([30, 70]);
    told(fleet, "b", 40);
    expect(fleet.medianMs(NOW)).toBe(40); // a clock that steps back
    const one = fleetOf(["a"]);
    told(one, "a", 10);
    expect(one.medianMs(NOW)).toBe(0);
  });

  it("refuses no call where keys have to stay, or calls were sent on too often", () => {
    const medianOf = (more: Partial<FleetSettings>): number => {
      const fleet = fleetOf(["a", "b"], more);
      told(fleet, "a", 10);
      told(fleet, "b", 30);
      return fleet.medianMs(NOW);
    };
    expect(medianOf({})).toBe(30);
    expect(medianOf({ balancer: "maglev" })).toBe(0);
    expect(medianOf({ balancer: "maglev", maxLoadFactor: 1.5 })).toBe(30);
    const spent = fleetOf(["a", "b"]);
    told(spent, "a", 10);
    told(spent, "b", 30);
    while (spent.redirectBudget.take(0));
    expect(spent.medianMs(NOW)).toBe(0);
    for (let pick = 0; pick < 10; pick++) spent.pick(wanted({ tried: new Set(["a"]) })); // further attempts earn nothing
    expect(spent.medianMs(NOW)).toBe(0);
    for (let pick = 0; pick < 10; pick++) spent.pick(wanted());
    expect(spent.medianMs(NOW)).toBe(30);
  });

  it("is not believed of an endpoint that fails", () => {
    const fleet = fleetOf(["a", "b"], { balancer: "least_time" });
    told(fleet, "a", 1);
    told(fleet, "b", 1);
    fail(fleet, "a", 1);
    expect(picked(fleet)).toBe("b");
  });
});

describe("what is known of endpoints", () => {
  it("stays with those that stay, and goes with those that go", () => {
    const fleet = fleetOf(["a", "b"]);
    begin(fleet, "a", 2);
    fleet.replace([member("a"), member("b")], NOW);
    expect(picked(fleet)).toBe("b");
    fleet.replace([member("b")], NOW);
    fleet.replace([member("a"), member("b")], NOW);
    expect(picked(fleet, { rng: () => 0 })).toBe("a,b");
    expect(fleet.begin("gone", NOW, NOW + 1)).toBeUndefined();
  });

  it("counts each attempt once, and a failure as the time that a call may take", () => {
    const fleet = fleetOf(["a", "b"], { balancer: "least_time" });
    const end = (id: string) => {
      const found = fleet.pick(wanted({ tried: new Set(["a", "b"].filter((other) => other !== id)) }));
      if (found.kind !== "picked") throw new Error(found.kind);
      return { permit: fleet.begin(id, NOW, NOW + 15_000)!, admission: found.admission, now: NOW + 20, random: 0 };
    };
    const failed = end("a");
    fleet.failed("a", failed, 15_000, true);
    fleet.failed("a", failed, 15_000, true);
    fleet.succeeded("a", failed);
    fleet.succeeded("b", end("b"));
    expect(picked(fleet)).toBe("b");
    expect(fleet.localBreakers.get("a").state.failuresInARow).toBe(1);
  });
});

it("stays in its zone while 30 % of it or less are out, and spills over where more are", () => {
  const zone = (id: string, name: string, more: Partial<Member> = {}): Member => member(id, { zone: name, ...more });
  const near = (sick: number) => Array.from({ length: 10 }, (_, index) => zone(`n${index}`, "eu", { isHealthy: index >= sick }));
  const settled = (sick: number): Fleet => {
    const fleet = fleetOf([...near(sick), zone("x", "us")]);
    fleet.setLocation({ ...ANYWHERE, zone: "eu" }, NOW);
    return fleet;
  };
  expect(picked(settled(0), {}, 40)).not.toContain("x");
  expect(picked(settled(3), {}, 40)).not.toContain("x");
  expect(picked(settled(4), {}, 40)).toContain("x");
});

describe("a breaker that only reports", () => {
  it("sends no call to an endpoint for its sake", () => {
    const fleet = fleetOf(["a", "b", "c"], { balancer: "random", breaker: { ...BREAKER, mode: "report" } });
    fail(fleet, "c");
    for (let at = 0; at < 10_000; at += 100) expect(idOf(fleet.pick(wanted({ now: NOW + at })))).toBe("a"); // as chance has it
  });
});

describe("what methods cost", () => {
  const learn = (fleet: Fleet, id: string): void => {
    for (let n = 0; n < 600; n++) {
      const method = n % 2;
      const now = NOW + n * 10;
      const permit = fleet.begin(id, now, now + 60_000, method)!;
      fleet.succeeded(id, { permit, admission: UNRECORDED, now: now + (method === 1 ? 90 : 10), random: 0, method });
    }
  };
  const costOf = (fleet: Fleet, id: string, method: number) => fleet.begin(id, 1e9, 2e9, method)!.cost;

  it("is learned and counted for each priority by itself", () => {
    const fleet = fleetOf([member("a"), member("b", { priority: 1 })], { balancer: "learned", breaker: { ...BREAKER, mode: "off" } });
    learn(fleet, "b");
    expect(costOf(fleet, "b", 1)).toBeGreaterThan(1.3);
    expect(costOf(fleet, "b", 0)).toBeLessThan(0.7);
    expect([costOf(fleet, "a", 1), costOf(fleet, "a", 0)]).toEqual([1, 1]);
  });
});

describe("an endpoint that sheds", () => {
  it("is kept from for as long as it has said, whatever another one says", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 3, NOW + 1_000);
    fleet.setShedLevel("b", 3, NOW + 500);
    expect(picked(fleet, { rank: 0, now: NOW + 499 })).toBe("shed");
    expect(picked(fleet, { rank: 0, now: NOW + 500 })).toBe("b");
    expect(picked(fleet, { rank: 0, now: NOW + 999 })).toBe("b");
    expect(picked(fleet, { rank: 0, now: NOW + 1_000 })).toBe("a,b");
    expect([fleet.shedLevelOf("a", NOW + 999), fleet.shedLevelOf("a", NOW + 1_000), fleet.shedLevelOf("x", NOW)]).toEqual([3, 0, 0]);
  });
});

describe("a stream that breaks off after its attempt has succeeded", () => {
  const broken = (more: Partial<FleetSettings>, isUnheard = false): Fleet => {
    const fleet = fleetOf(["a", "b", "c"], more);
    for (let n = 0; n < 2 * BREAKER.minCalls; n++) {
      const found = fleet.pick(wanted({ tried: new Set(["b", "c"]) }));
      if (found.kind !== "picked") throw new Error(found.kind);
      const admission = isUnheard ? UNRECORDED : found.admission;
      fleet.succeeded("a", { permit: fleet.begin("a", NOW, NOW + 100)!, admission, now: NOW, random: 0 });
      fleet.streamBroke("a", admission, NOW, 0);
    }
    fleet.streamBroke("x", UNRECORDED, NOW, 0); // one that has left meanwhile
    return fleet;
  };

  it("counts as a failure of its endpoint, where the breaker has seen the attempt", () => {
    expect(picked(broken({}))).toBe("b,c");
    expect(picked(broken({}, true))).toBe("a,b,c");
    expect(picked(broken({ breaker: { ...BREAKER, mode: "off" } }))).toBe("a,b,c");
  });
});

it("does not believe what an endpoint says of its load once it has failed", () => {
  const fleet = fleetOf(["a", "b"]);
  for (const id of ["a", "b"]) fleet.report(id, { predictedMs: 40 }, fleet.begin(id, NOW, NOW + 100)!, NOW);
  expect(fleet.medianMs(NOW)).toBe(40);
  fail(fleet, "a", 1);
  fail(fleet, "b", 1);
  expect(fleet.medianMs(NOW + 100)).toBe(0);
});

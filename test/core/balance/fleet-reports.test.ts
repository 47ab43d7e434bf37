// What endpoints report to a fleet: shed levels, and predictions with their median.
import { describe, expect, it } from "vitest";
import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import type { Fleet } from "../../../core/balance/fleet.ts";
import { fail, fleetOf, NOW, pickedIds, requestOf } from "./fleets.ts";

describe("the shed level of an endpoint", () => {
  it("is valid until it expires or is replaced", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 1, NOW + 500);
    expect([fleet.shedLevelOf("a", NOW + 499), fleet.shedLevelOf("a", NOW + 500), fleet.shedLevelOf("b", NOW)]).toEqual([1, 0, 0]);
    fleet.setShedLevel("a", 0, NOW + 900);
    expect(fleet.shedLevelOf("a", NOW)).toBe(0);
    fleet.setShedLevel("unknown", 1, NOW + 900);
    expect(fleet.shedLevelOf("unknown", NOW)).toBe(0);
  });

  it("is honored until it expires, whenever that of another endpoint does", () => {
    const fleet = fleetOf(["a", "b"]);
    fleet.setShedLevel("a", 3, NOW + 1_000);
    fleet.setShedLevel("b", 3, NOW + 500);
    expect(pickedIds(fleet, { rank: 0, now: NOW + 499 })).toBe("shed");
    expect(pickedIds(fleet, { rank: 0, now: NOW + 500 })).toBe("b");
    expect(pickedIds(fleet, { rank: 0, now: NOW + 999 })).toBe("b");
    expect(pickedIds(fleet, { rank: 0, now: NOW + 1_000 })).toBe("a,b");
  });
});

describe("the median of predictions", () => {
  const report = (fleet: Fleet, id: string, predictedMs: number) =>
    fleet.report(id, { predictedMs }, fleet.begin(id, NOW, NOW + 15_000)!, NOW);

  it("is computed ten times a second, from two endpoints on", () => {
    const fleet = fleetOf(["a", "b", "c"]);
    expect(fleet.medianMs(NOW)).toBe(0);
    for (const [id, ms] of [
      ["a", 10],
      ["b", 30],
      ["c", 90],
    ] as const)
      report(fleet, id, ms);
    expect(fleet.medianMs(NOW + 99)).toBe(0);
    expect(fleet.medianMs(NOW + 100)).toBe(30);
    report(fleet, "b", 70);
    expect([fleet.medianMs(NOW + 199), fleet.medianMs(NOW + 200)]).toEqual([30, 70]);
    report(fleet, "b", 40);
    expect(fleet.medianMs(NOW)).toBe(40); // the clock has stepped back
    const single = fleetOf(["a"]);
    report(single, "a", 10);
    expect(single.medianMs(NOW)).toBe(0);
  });

  it("is 0 where keys may not move, or the redirect budget is spent", () => {
    const medianWith = (more: Partial<FleetSettings>): number => {
      const fleet = fleetOf(["a", "b"], more);
      report(fleet, "a", 10);
      report(fleet, "b", 30);
      return fleet.medianMs(NOW);
    };
    expect(medianWith({})).toBe(30);
    expect(medianWith({ balancer: "maglev" })).toBe(0);
    expect(medianWith({ balancer: "maglev", maxLoadFactor: 1.5 })).toBe(30);
    const spent = fleetOf(["a", "b"]);
    report(spent, "a", 10);
    report(spent, "b", 30);
    while (spent.redirectBudget.take(NOW));
    expect(spent.medianMs(NOW)).toBe(0);
    for (let pick = 0; pick < 10; pick++) spent.pick(requestOf({ tried: new Set(["a"]) })); // further attempts earn nothing
    expect(spent.medianMs(NOW)).toBe(0);
    for (let pick = 0; pick < 10; pick++) spent.pick(requestOf());
    expect(spent.medianMs(NOW)).toBe(30);
  });

  it("leaves out endpoints that have failed since their report", () => {
    const fleet = fleetOf(["a", "b"]);
    for (const id of ["a", "b"]) report(fleet, id, 40);
    expect(fleet.medianMs(NOW)).toBe(40);
    fail(fleet, "a", 1);
    fail(fleet, "b", 1);
    expect(fleet.medianMs(NOW + 100)).toBe(0);
  });
});

it("does not trust the report of an endpoint that has failed", () => {
  const fleet = fleetOf(["a", "b"], { balancer: "least_time" });
  for (const id of ["a", "b"]) fleet.report(id, { predictedMs: 1 }, fleet.begin(id, NOW, NOW + 15_000)!, NOW);
  fail(fleet, "a", 1);
  expect(pickedIds(fleet)).toBe("b");
});

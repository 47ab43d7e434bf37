// What a fleet keeps of its endpoints: load, breakers, and its serving status.
import { describe, expect, it } from "vitest";
import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import type { Fleet } from "../../../core/balance/fleet.ts";
import { UNRECORDED } from "../../../core/breaker/admission.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";
import { attemptAt, begin, fail, fleetOf, idOf, member, NOW, pickedIds, requestOf } from "./fleets.ts";

describe("a new list of endpoints", () => {
  it("keeps the load of endpoints that stay, and forgets that of endpoints that leave", () => {
    const fleet = fleetOf(["a", "b"]);
    begin(fleet, "a", 2);
    fleet.replace([member("a"), member("b")], NOW);
    expect(pickedIds(fleet)).toBe("b");
    fleet.replace([member("b")], NOW);
    fleet.replace([member("a"), member("b")], NOW);
    expect(pickedIds(fleet)).toBe("a,b");
    expect(fleet.begin("gone", NOW, NOW + 1)).toBeUndefined();
  });

  it("keeps response times, however often the list changes", () => {
    const fleet = fleetOf(["a", "b"], { balancer: "least_time", slowStartMs: 0, maxConcurrent: 500 });
    for (const [id, tookMs] of [
      ["a", 500],
      ["b", 5],
    ] as const)
      for (let n = 0; n < 5; n++) fleet.succeeded(id, { ...attemptAt(fleet, id), now: NOW + tookMs });
    for (let change = 1; change <= 50; change++) fleet.replace([member("a", { isHealthy: change % 2 === 0 }), member("b")], NOW + change);
    const rng = randomStream(11);
    const ids = Array.from({ length: 200 }, () => idOf(fleet.pick(requestOf({ now: NOW + 1_000, rng }))));
    expect(ids.filter((id) => id === "b").length).toBeGreaterThan(190);
  });
});

describe("the end of an attempt", () => {
  it("counts once, and a failure as the time that a call may take", () => {
    const fleet = fleetOf(["a", "b"], { balancer: "least_time" });
    const end = (id: string) => ({ ...attemptAt(fleet, id), now: NOW + 20 });
    const failed = end("a");
    fleet.failed("a", failed, 15_000, true);
    fleet.failed("a", failed, 15_000, true);
    fleet.succeeded("a", failed);
    fleet.succeeded("b", end("b"));
    expect(pickedIds(fleet)).toBe("b");
    expect(fleet.localBreakers.get("a").state.failuresInARow).toBe(1);
  });

  it("of an endpoint that has left changes nothing", () => {
    const fleet = fleetOf(["a", "b"]);
    const end = attemptAt(fleet, "a");
    fleet.replace([member("b")], NOW);
    fleet.succeeded("a", end);
    fleet.failed("a", end, 100, true);
    fleet.drop("a", end);
    fleet.report("a", { predictedMs: 1 }, end.permit, NOW);
    expect(pickedIds(fleet)).toBe("b");
    expect(fleet.size).toBe(1);
  });

  it("is no evidence where the failure may be the call's own, or its caller went away", () => {
    const fleet = fleetOf(["a", "b"]);
    fail(fleet, "a", 20, false);
    expect(pickedIds(fleet)).toBe("a,b");
    for (let n = 0; n < 20; n++) fleet.drop("a", attemptAt(fleet, "a"));
    expect(pickedIds(fleet)).toBe("a,b");
    expect(fleet.isFull(NOW)).toBe(false);
  });

  it("counts one failure of an endpoint for all attempts of one call, unless an attempt is a probe", () => {
    const fleet = fleetOf(["a", "b"]);
    for (let n = 0; n < 20; n++) fleet.failed("a", { ...attemptAt(fleet, "a"), isRepeated: true }, 100, true);
    expect(fleet.localBreakers.get("a").state.failuresInARow).toBe(0);
    fail(fleet, "a");
    const later = NOW + 1_000;
    const probe = fleet.pick(requestOf({ now: later }));
    if (probe.kind !== "picked" || probe.admission.probe === undefined) throw new Error("no probe");
    const end = { permit: fleet.begin("a", later, later + 100)!, admission: probe.admission, now: later, random: 0 };
    fleet.failed("a", { ...end, isRepeated: true }, 100, true);
    expect(pickedIds(fleet, { now: later + 500 })).toBe("b"); // the failed probe keeps the breaker open
  });

  it("records nothing where breakers are off, or the attempt was not admitted by one", () => {
    const off = fleetOf(["a"], { breaker: { ...BREAKER, mode: "off" } });
    fail(off, "a", 3);
    off.streamBroke("a", attemptAt(off, "a").admission, NOW, 0);
    expect(off.localBreakers.get("a").state.failuresInARow).toBe(0);
    expect(off.localBreakers.get("a").hasUnreportedFailure).toBe(false);
    const on = fleetOf(["a"]);
    on.failed("a", { ...attemptAt(on, "a"), admission: UNRECORDED }, 100, true);
    expect(on.localBreakers.get("a").state.failuresInARow).toBe(0);
    fail(on, "a", 3);
    expect(on.localBreakers.get("a").state.failuresInARow).toBe(3);
  });

  it("does not count for its method where the attempt was not admitted by a breaker", () => {
    const fleet = fleetOf(["a"]);
    const end = (method: number, more = {}) => ({ ...attemptAt(fleet, "a"), method, ...more });
    for (let n = 0; n < BREAKER.consecutive; n++) fleet.failed("a", end(1, { admission: UNRECORDED }), 100, true);
    fleet.succeeded("a", end(2));
    fleet.failed("a", end(1), 100, true); // the first recorded one: nothing shows yet that the method is at fault, and not its endpoint
    expect(fleet.localBreakers.takeReports(NOW)).toMatchObject({ a: { calls: 2, failures: 1 } });
  });

  it.each([
    ["one failure", 15_000, "failed"],
    ["one slow response", 2_000, "succeeded"],
  ] as const)(
    "keeps calls away for more than 5 s and less than a minute after %s, without breakers and health checks",
    (_, tookMs, outcome) => {
      const fleet = fleetOf(["a", "b", "c"], { balancer: "least_time", maxConcurrent: 500, slowStartMs: 0 });
      const rng = randomStream(3);
      const call = (now: number): string => {
        const result = fleet.pick(requestOf({ method: 0, now, rng }));
        if (result.kind !== "picked") throw new Error(result.kind);
        const { id, admission } = result;
        fleet.succeeded(id, { permit: fleet.begin(id, now, now + 15_000)!, admission, now: now + 5, random: 0.5 });
        return id;
      };
      for (let n = 0; n < 300; n++) call(n * 10);
      const attempt = attemptAt(fleet, "a", 3_000);
      const end = { ...attempt, now: 3_000 + (outcome === "failed" ? 1 : tookMs) };
      if (outcome === "failed") fleet.failed("a", end, tookMs, true);
      else fleet.succeeded("a", end);
      let again = Number.POSITIVE_INFINITY;
      for (let now = end.now + 10; now < end.now + 90_000; now += 10) if (call(now) === "a") again = Math.min(again, now - end.now);
      expect(again).toBeGreaterThan(5_000);
      expect(again).toBeLessThan(60_000);
    },
  );
});

describe("a stream that breaks off after its attempt has succeeded", () => {
  const broken = (more: Partial<FleetSettings>, isUnrecorded = false): Fleet => {
    const fleet = fleetOf(["a", "b", "c"], more);
    for (let n = 0; n < 2 * BREAKER.minCalls; n++) {
      if (fleet.localBreakers.get("a").refuses(NOW, 0)) break; // it has opened
      const attempt = attemptAt(fleet, "a");
      const admission = isUnrecorded ? UNRECORDED : attempt.admission;
      fleet.succeeded("a", { ...attempt, admission });
      fleet.streamBroke("a", admission, NOW, 0);
    }
    fleet.streamBroke("x", UNRECORDED, NOW, 0); // an endpoint that has left
    fleet.streamBroke("x", attemptAt(fleet, "b").admission, NOW, 0);
    return fleet;
  };

  it("counts as a failure of its endpoint, where the breaker has admitted the attempt", () => {
    expect(pickedIds(broken({}))).toBe("b,c");
    expect(pickedIds(broken({}, true))).toBe("a,b,c");
    expect(pickedIds(broken({ breaker: { ...BREAKER, mode: "off" } }))).toBe("a,b,c");
  });

  it.each([
    ["its breaker has admitted the attempt", {}, false],
    ["breakers are off", { breaker: { ...BREAKER, mode: "off" } }, false],
    ["no breaker has admitted the attempt", {}, true],
  ] as const)("makes the endpoint's report distrusted where %s", (_, more, isUnrecorded) => {
    const fleet = fleetOf(["a", "b"], more);
    for (const id of ["a", "b"]) {
      fleet.report(id, { predictedMs: 40 }, begin(fleet, id, 1)[0]!, NOW);
      const attempt = attemptAt(fleet, id);
      fleet.succeeded(id, attempt);
      fleet.streamBroke(id, isUnrecorded ? UNRECORDED : attempt.admission, NOW, 0);
    }
    expect(fleet.medianMs(NOW)).toBe(0);
  });
});

describe("the serving status", () => {
  it("is serving while some endpoint is healthy, not draining, and its breaker closed", () => {
    expect(fleetOf(["a"]).status(NOW)).toBe("serving");
    expect(fleetOf([member("a", { isHealthy: false }), member("b")]).status(NOW)).toBe("serving");
    expect(fleetOf([]).status(NOW)).toBe("not_serving");
    expect(fleetOf([member("a", { isHealthy: false }), member("b", { isDraining: true })]).status(NOW)).toBe("not_serving");
    const half = fleetOf(["a", "b"]);
    fail(half, "a");
    expect(half.status(NOW)).toBe("serving");
  });

  it("is not serving where all breakers are open, and unknown once their evidence is old", () => {
    const fleet = fleetOf(["a"]);
    fail(fleet, "a");
    expect(fleet.status(NOW + 1)).toBe("not_serving");
    const later = Array.from({ length: 600 }, (_, n) => fleet.status(NOW + n * 100));
    expect(later.find((status) => status !== "not_serving")).toBe("unknown");
    fleet.replace([member("a"), member("b", { isHealthy: false })], NOW);
    expect(fleet.status(NOW + 1)).toBe("not_serving");
  });

  it("ignores breakers that are not enforced", () => {
    const fleet = fleetOf(["a"], { breaker: { ...BREAKER, mode: "report" } });
    fail(fleet, "a");
    expect(fleet.status(NOW + 1)).toBe("serving");
  });
});

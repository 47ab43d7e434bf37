// Failures of one method and of its endpoint: which calls a breaker refuses, and how much one call with several attempts counts.
import { describe, expect, it } from "vitest";
import { Fleet } from "../../../core/balance/fleet.ts";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { MethodFaults } from "../../../core/breaker/method-faults.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const READ = 11;
const LIST = 22;
const POLICY = { ...BREAKER, minCalls: 1_000 }; // only failures in a row open it

/** One call, if the breaker admits it. @returns whether it does */
function called(breaker: LocalBreaker, method: number, isFailure: boolean, now: number): boolean {
  if (breaker.refuses(now, 0, method) && !breaker.isDueForProbe(now)) return false;
  const admission = breaker.admit(now, 0, method);
  if (admission.kind === "refused") return false;
  breaker.record(admission, isFailure ? "failed" : "succeeded", 5, now, 0, method);
  return true;
}

describe("the breaker of an endpoint", () => {
  it("stays closed for a method that fails while others succeed", () => {
    const breaker = new LocalBreaker(BREAKER);
    let refused = 0;
    for (let second = 0; second < 120; second++) {
      for (let n = 0; n < 12; n++) refused += called(breaker, READ, true, second * 1_000 + n) ? 0 : 1;
      refused += called(breaker, LIST, false, second * 1_000 + 500) ? 0 : 1;
    }
    // Before the first success of another method, the failing method looks like a failing endpoint: 5 failures open it, for 1 s at most.
    expect(refused).toBeLessThan(12);
    expect(breaker.isClosed(120_000)).toBe(true);
  });

  it("opens only for the method that has failed, and closes with the success of another one", () => {
    const breaker = new LocalBreaker(POLICY);
    for (let n = 0; n < 5; n++) called(breaker, READ, true, n);
    expect(called(breaker, READ, true, 10)).toBe(false);
    expect(called(breaker, LIST, false, 11)).toBe(true);
    expect(breaker.isClosed(12)).toBe(true);
    expect(called(breaker, LIST, false, 13)).toBe(true);
  });

  it("opens for all methods if the call of another method fails as well", () => {
    const breaker = new LocalBreaker(POLICY);
    for (let n = 0; n < 5; n++) called(breaker, READ, true, n);
    expect(called(breaker, LIST, true, 11)).toBe(true);
    expect(called(breaker, LIST, true, 12)).toBe(false);
    expect(called(breaker, READ, true, 13)).toBe(false);
  });

  it("opens for an endpoint that stops working, whatever succeeded before", () => {
    const breaker = new LocalBreaker(POLICY);
    for (let n = 0; n < 50; n++) called(breaker, n % 2 === 0 ? READ : LIST, false, n);
    for (let n = 0; n < 5; n++) called(breaker, n % 2 === 0 ? READ : LIST, true, 100 + n);
    expect(called(breaker, READ, true, 200)).toBe(false);
    expect(called(breaker, LIST, true, 200)).toBe(false);
  });

  it("opens for all calls if their methods are unknown", () => {
    const breaker = new LocalBreaker(POLICY);
    for (let n = 0; n < 5; n++) called(breaker, 0, true, n);
    expect(called(breaker, 0, false, 10)).toBe(false);
  });

  it("reports that it is open, unless a call of another method may still prove that the endpoint is healthy", () => {
    const alone = new LocalBreaker(POLICY);
    for (let n = 0; n < 5; n++) called(alone, READ, true, n);
    expect(alone.takeReport(10)).toMatchObject({ isOpen: true });
    const mixed = new LocalBreaker(POLICY);
    called(mixed, LIST, false, 0);
    for (let n = 0; n < 5; n++) called(mixed, READ, true, n);
    expect(mixed.takeReport(10)).toMatchObject({ isOpen: false });
    called(mixed, LIST, true, 11);
    expect(mixed.takeReport(12)).toMatchObject({ isOpen: true });
  });
});

describe("MethodFaults", () => {
  it("blames the method if another one has succeeded since its failures began, and in the last ten seconds", () => {
    const faults = new MethodFaults();
    faults.succeeded(LIST, 0);
    for (let n = 0; n < 5; n++) faults.failed(READ);
    expect(faults.isOwn(READ, 5, 100)).toBe(false); // the success was before the failures
    faults.succeeded(LIST, 100);
    expect(faults.isOwn(READ, 5, 101)).toBe(true);
    expect(faults.isOwn(READ, 6, 101)).toBe(false);
    expect(faults.isOwn(READ, 5, 10_100)).toBe(false); // too long ago
    faults.succeeded(READ, 10_101);
    expect(faults.only()).toBeUndefined();
  });

  it("keeps 32 methods at most", () => {
    const faults = new MethodFaults();
    for (let method = 1; method <= 33; method++) faults.failed(method);
    faults.succeeded(99, 1);
    expect(faults.isOwn(1, 1, 2)).toBe(false);
    expect(faults.isOwn(33, 1, 2)).toBe(true);
  });
});

describe("attempts of one call", () => {
  const fleetOf = (ids: readonly string[], breaker = POLICY): Fleet =>
    new Fleet(
      ids.map((id) => ({ id, weight: 1, priority: 0, isDraining: false })),
      { balancer: "round_robin", maxConcurrent: 100, maxLoadFactor: Number.POSITIVE_INFINITY, slowStartMs: 0, breaker },
    );
  /** One call whose attempts all fail. @returns how many attempts were sent */
  const fails = (fleet: Fleet, attempts: number, now: number, method = 0): number => {
    const tried = new Set<string>();
    let sent = 0;
    for (let n = 0; n < attempts; n++) {
      const found = fleet.pick({ method, key: 0, now, rng: () => 0.5, tried });
      if (found.kind !== "picked") continue;
      sent += 1;
      tried.add(found.id);
      const lease = fleet.begin(found.id, now, now + 1_000)!;
      fleet.failed(
        found.id,
        { permit: lease, admission: found.admission, now, random: 0, method, isRepeated: found.isRepeated },
        1_000,
        true,
      );
    }
    return sent;
  };

  it.each([
    ["failures in a row", { ...POLICY, consecutive: 5 }],
    ["the failure rate", { ...BREAKER, consecutive: 1_000, minCalls: 5 }],
  ])("count as one failure of an endpoint for %s", (_, breaker) => {
    const fleet = fleetOf(["a"], breaker);
    for (let call = 0; call < 4; call++) expect(fails(fleet, 6, call)).toBe(6);
    expect(fails(fleet, 1, 4)).toBe(1); // the fifth call opens it
    expect(fails(fleet, 6, 5)).toBe(0);
  });

  it("count as one failure of each of two endpoints", () => {
    const fleet = fleetOf(["a", "b"], { ...POLICY, consecutive: 3 });
    expect(fails(fleet, 6, 0)).toBe(6);
    expect(fails(fleet, 6, 1)).toBe(6);
    fails(fleet, 6, 2);
    expect(fails(fleet, 6, 3)).toBe(0);
  });

  it("are reported as one call", () => {
    const fleet = fleetOf(["a"]);
    fails(fleet, 6, 0);
    expect(fleet.localBreakers.takeReports(1)).toMatchObject({ a: { calls: 1, failures: 1 } });
  });
});

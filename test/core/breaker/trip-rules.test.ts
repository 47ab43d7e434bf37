// The rules of local breakers, each at its bound, and what every rule in the table promises.
import { describe, expect, it } from "vitest";
import { consecutive } from "../../../core/breaker/rules/consecutive.ts";
import { failureRate } from "../../../core/breaker/rules/failure-rate.ts";
import { slowRate } from "../../../core/breaker/rules/slow-rate.ts";
import type { LocalEvidence } from "../../../core/breaker/rules/trip-rule.ts";
import { LOCAL_TRIP_RULES, PEER_TRIP_RULES } from "../../../core/breaker/trip-rules.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const HEALTHY: LocalEvidence = { calls: 1_000, failures: 0, slow: 0, failuresInARow: 0 };

it("consecutive trips at the configured number of failures in a row", () => {
  const isTripped = (failuresInARow: number) => consecutive.isTripped({ ...HEALTHY, failuresInARow }, { ...BREAKER, consecutive: 5 });
  expect([4, 5, 6].map(isTripped)).toEqual([false, true, true]);
});

it("failureRate trips at the configured percentage of failures, with enough calls", () => {
  const isTripped = (calls: number, failures: number, failurePercent = 50) =>
    failureRate.isTripped({ ...HEALTHY, calls, failures }, { ...BREAKER, failurePercent, minCalls: 20 });
  expect([isTripped(20, 9), isTripped(20, 10), isTripped(20, 11)]).toEqual([false, true, true]);
  expect([isTripped(19, 19), isTripped(20, 20), isTripped(21, 10)]).toEqual([false, true, false]);
  expect([isTripped(1_000, 9, 1), isTripped(1_000, 10, 1)]).toEqual([false, true]);
});

it("slowRate trips at the configured percentage of slow calls, with enough calls, and never at 100", () => {
  const isTripped = (calls: number, slow: number, slowPercent = 50) =>
    slowRate.isTripped({ ...HEALTHY, calls, slow }, { ...BREAKER, slowPercent, minCalls: 20 });
  expect([isTripped(20, 9), isTripped(20, 10), isTripped(20, 11)]).toEqual([false, true, true]);
  expect([isTripped(19, 19), isTripped(20, 20)]).toEqual([false, true]);
  expect([isTripped(20, 20, 100), isTripped(20, 20, 99)]).toEqual([false, true]);
  expect([isTripped(1_000, 9, 1), isTripped(1_000, 10, 1)]).toEqual([false, true]);
});

it("only slowRate may trip on a success, and only if it is on", () => {
  const mayTrip = (slowPercent: number) => LOCAL_TRIP_RULES.filter((rule) => rule.mayTripOnSuccess({ ...BREAKER, slowPercent }));
  expect(mayTrip(100)).toEqual([]);
  expect(mayTrip(99)).toEqual([slowRate]);
});

describe("every rule of the tables", () => {
  it("leaves a healthy endpoint closed", () => {
    expect(LOCAL_TRIP_RULES.some((rule) => rule.isTripped(HEALTHY, { ...BREAKER, slowPercent: 50 }))).toBe(false);
    const peers = Array.from({ length: 6 }, () => ({ calls: 1_000, failures: 0 }));
    expect(PEER_TRIP_RULES.some((rule) => rule.isTripped(peers[0]!, peers, BREAKER))).toBe(false);
  });

  it("opens the breaker of an endpoint of which every call fails slowly", () => {
    const evidence = { calls: 100, failures: 100, slow: 100, failuresInARow: 100 };
    for (const rule of LOCAL_TRIP_RULES) expect(rule.isTripped(evidence, { ...BREAKER, slowPercent: 50 })).toBe(true);
    const own = { calls: 100, failures: 100 };
    const peers = [own, ...Array.from({ length: 5 }, () => ({ calls: 100, failures: 0 }))];
    for (const rule of PEER_TRIP_RULES) expect(rule.isTripped(own, peers, BREAKER)).toBe(true);
  });
});

// What is known of endpoints, shared by the settings of two versions of the configuration.
import { expect, it } from "vitest";
import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import { EndpointStates } from "../../../core/balance/endpoint-states.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 1_000_000;
const member = (id: string) => ({ id, weight: 1, priority: 0, isDraining: false });
const settings: FleetSettings = {
  balancer: "least_request",
  maxConcurrent: 10,
  maxLoadFactor: 1.25,
  slowStartMs: 10_000,
  breaker: { ...BREAKER, mode: "enforce", consecutive: 3 },
};
const request = () => ({ method: 0, key: 0, now: NOW, rng: () => 0, tried: new Set<string>() });

function fail(fleet: Fleet, id: string): void {
  for (let call = 0; call < 5; call++) {
    const picked = fleet.pick(request());
    if (picked.kind !== "picked") return;
    fleet.failed(id, { permit: fleet.begin(id, NOW, NOW + 1_000)!, admission: picked.admission, now: NOW, random: 0 }, 100, true);
  }
}

it("a breaker that one version has opened is open in the other one, and its evidence outlives the version", () => {
  const states = new EndpointStates();
  const before = new Fleet([member("a")], settings, states, NOW);
  const after = new Fleet([member("a")], { ...settings, maxConcurrent: 20 }, states, NOW);
  fail(before, "a");
  expect([before.pick(request()).kind, after.pick(request()).kind]).toEqual(["open", "open"]);
  before.end();
  expect(after.pick(request()).kind).toBe("open");
});

it("forgets an endpoint when no version has it any more", () => {
  const states = new EndpointStates();
  const before = new Fleet([member("a"), member("b")], settings, states, NOW);
  const after = new Fleet([member("b"), member("c")], settings, states, NOW);
  expect(states.size).toBe(3);
  before.end();
  expect(states.size).toBe(2);
  after.end();
  expect(states.size).toBe(0);
});

it("an endpoint that a later version adds starts slowly; those of the first one do not", () => {
  const states = new EndpointStates();
  expect(new Fleet([member("a")], settings, states, NOW).size).toBe(1);
  expect(new Fleet([member("a"), member("b")], settings, states, NOW).size).toBe(2);
  expect([states.get("a", 0).warmAt, states.get("b", 0).warmAt]).toEqual([Number.NEGATIVE_INFINITY, NOW + 10_000]);
});

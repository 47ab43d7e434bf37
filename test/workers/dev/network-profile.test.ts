import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NETWORK_PROFILES, NetworkPlan, type NetworkTarget, parseNetwork, type Trip } from "../../../workers/dev/network-profile.ts";

const object = (name: string): NetworkTarget => ({ kind: "object", name });
const whole = ({ beforeMs, afterMs }: Trip): number => beforeMs + afterMs;

describe("a network as it is written", () => {
  it.each([
    ["local", 0],
    ["same-region", 8],
    ["continent", 25],
    ["far", 80],
    ["world", 160],
  ] as const)("is a profile: %s", (name, roundTripMs) => {
    expect(parseNetwork(name)).toEqual(NETWORK_PROFILES[name]);
    const plan = new NetworkPlan(parseNetwork(name), undefined);
    const half = { beforeMs: roundTripMs / 2, afterMs: roundTripMs / 2, lost: "no" };
    expect([plan.tripTo(object("a"), 0), plan.tripTo({ kind: "kv" }, 0)]).toEqual([half, half]);
    expect(whole(plan.tripTo({ kind: "service" }, 0))).toBe(0);
  });

  it("is a profile with changes", () => {
    const text = "far, objects=50, near=5, kv=7, services=3, cold=9, jitter=0.5, loss=0.25, seed=11";
    expect(parseNetwork(text)).toEqual({
      ...{ objectMs: 50, nearMs: 5, kvMs: 7, serviceMs: 3, coldMs: 9 },
      ...{ jitter: 0.5, loss: 0.25, seed: 11 },
    });
  });

  it.each(["", "mars", "far,speed=1", "far,loss", "far,loss=2", "far,loss=-1", "far,loss=x", "toString", "far,toString=1"])(
    "is no other text: %j",
    (text) => expect(() => parseNetwork(text)).toThrow(/^network ".*": write one of /),
  );
});

describe("a plan", () => {
  it("lets what arrives at a cold object wait until the object has started, once", () => {
    const plan = new NetworkPlan(parseNetwork("cold-object"), undefined);
    const times = [0, 100, 299, 300, 100_000].map((now) => whole(plan.tripTo(object("a"), now)));
    expect(times).toEqual([308, 208, 9, 8, 8]);
    expect(whole(plan.tripTo(object("b"), 500))).toBe(308);
    expect(whole(plan.tripTo({ kind: "object", name: undefined }, 0))).toBe(8);
  });

  it("has the objects of the isolate's region near", () => {
    const plan = new NetworkPlan(parseNetwork("world"), "weur");
    const names = ["weur/shard-0", "oc/shard-0", "root/shard-0", "weur"];
    expect(names.map((name) => whole(plan.tripTo(object(name), 0)))).toEqual([8, 160, 160, 160]);
  });

  it("varies a round trip by its jitter, and loses its share of calls, half of them after the callee has run", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.nat(),
        (jitter, loss, seed) => {
          const plan = () => new NetworkPlan({ ...NETWORK_PROFILES.far, jitter, loss, seed }, undefined);
          const [first, second] = [plan(), plan()];
          const trips = Array.from({ length: 2_000 }, () => first.tripTo(object("a"), 0));
          expect(Array.from({ length: 2_000 }, () => second.tripTo(object("a"), 0))).toEqual(trips); // the same with the same seed
          for (const trip of trips) expect(Math.abs(whole(trip) - 80)).toBeLessThanOrEqual(80 * jitter + 1e-9);
          const share = (lost: Trip["lost"]) => trips.filter((trip) => trip.lost === lost).length / trips.length;
          expect(Math.abs(share("before") - loss / 2)).toBeLessThan(0.06);
          expect(Math.abs(share("after") - loss / 2)).toBeLessThan(0.06);
        },
      ),
      { numRuns: 30, seed: 17 },
    );
  });
});

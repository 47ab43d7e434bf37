// Which endpoint has which key: isolates of two releases run side by side, so a release moves none.
import { describe, expect, it } from "vitest";
import { type Candidate, DEFAULT_BALANCER_SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { mix32 } from "../../../core/balance/hashing.ts";
import { hash32 } from "../../../core/hash.ts";
import { ask, fleet, keyOf } from "./fleets.ts";

/** The owner of a key by consistent hashing, by comparing every point of an open endpoint with every probe of the key. */
function ownerOf(points: readonly (readonly [place: number, index: number])[], key: number): number {
  const round = 2 ** 30;
  let best = round;
  let owner = -1;
  let place = mix32(key) | 0;
  for (let probe = 0; probe < 16; probe++) {
    place = (Math.imul(place, 0x2c9277b5) + 0x9e3779b9) | 0;
    for (const [at, index] of points) {
      const straight = Math.abs(at - (place >>> 2));
      const distance = Math.min(straight, round - straight);
      if (distance < best) [best, owner] = [distance, index];
    }
  }
  return owner;
}

function pointsOf(candidates: readonly Candidate[], each: number): [number, number][] {
  return candidates.flatMap(({ id, weight }, index) => {
    const seed = hash32(id);
    const count = Math.max(1, Math.floor(each * weight));
    return Array.from({ length: count }, (_, point): [number, number] => [
      mix32(mix32(seed + Math.imul(point + 1, 0x9e3779b9)) ^ seed) >>> 2,
      index,
    ]);
  });
}

describe("consistent_hash", () => {
  it.each([
    { name: "one endpoint", candidates: fleet(1), each: 20 },
    { name: "two endpoints", candidates: fleet(2), each: 20 },
    { name: "weights", candidates: fleet(9, (index) => 1 + (index % 4)), each: 20 },
    { name: "as many points as fit", candidates: fleet(4, (index) => (index < 3 ? 1_000 : 250)), each: 20 },
    { name: "half as many points for each weight", candidates: fleet(4, () => 1_000), each: 10 },
    { name: "a quarter as many", candidates: fleet(8, () => 1_000), each: 5 },
  ])("gives a key to the closest point of an open endpoint: $name", ({ candidates, each }) => {
    const balancer = BALANCERS.consistent_hash.create(candidates, DEFAULT_BALANCER_SETTINGS);
    const points = pointsOf(candidates, each);
    const keys = points.length > 1_000 ? 3 : 300;
    for (let index = 0; index < keys; index++) {
      const key = keyOf(index);
      expect(balancer.pick(ask(key))).toBe(ownerOf(points, key));
      const isEligible = (at: number) => ((mix32(index) >>> at) & 1) === 1; // another half of them for each key
      expect(balancer.pick(ask(key, { isEligible }))).toBe(
        ownerOf(
          points.filter(([, at]) => isEligible(at)),
          key,
        ),
      );
    }
  });

  it("finds the one open endpoint from wherever a key lies on the ring", () => {
    const candidates = fleet(3);
    const balancer = BALANCERS.consistent_hash.create(candidates, DEFAULT_BALANCER_SETTINGS);
    const points = pointsOf(candidates, 20);
    for (let index = 0; index < 500; index++) {
      const key = keyOf(index);
      for (let closed = 0; closed < 3; closed++) {
        const open = points.filter(([, at]) => at !== closed);
        expect(balancer.pick(ask(key, { isEligible: (at) => at !== closed }))).toBe(ownerOf(open, key));
      }
    }
  });

  it("picks nobody of none", () => {
    for (const kind of [BALANCERS.consistent_hash, BALANCERS.maglev, BALANCERS.rendezvous])
      expect(kind.create([], DEFAULT_BALANCER_SETTINGS).pick(ask(1))).toBe(-1);
  });
});

describe.each([
  [
    "consistent_hash",
    "p9t4r448a3j3k8na3jk1146sn9h2n0ei49ee9g5q85mkh5hskdek4sspq4qb",
    "44h4h44hh4h4hhhhhh4h44444hhhhhh444h4hh44hhhhh4h444hh4hh444hh",
  ],
  [
    "maglev",
    "sdhg58jcs71g64e5gn0tbkjgpoedtnki4nn50ghdnas002dbm5pmre75it6q",
    "h4h44hh4hhhhh4h4hhhh4hh4hh4h4h4h4hhhh4hhh4hh44hhh4hh4hh4hhh4",
  ],
  [
    "rendezvous",
    "ort8fa6rtlje7npa0cnre1n02c22861n773ksk3kste31l0d7tbqsehs02b6",
    "h4hhh4hhhhh4hh44h4h444hhhh44hhhh4h4h4hh4hhh44h4hh44hhhh4hhhh",
  ],
] as const)("%s", (name, all, few) => {
  const candidates = fleet(30, (index) => 1 + (index % 3));
  const balancer = BALANCERS[name].create(candidates, DEFAULT_BALANCER_SETTINGS);
  const owners = (isEligible: (index: number) => boolean) =>
    Array.from({ length: 60 }, (_, index) => balancer.pick(ask(keyOf(index), { isEligible })).toString(36)).join("");

  it("leaves 60 keys with the endpoints that have had them", () => {
    expect(owners(() => true)).toBe(all);
  });

  it("leaves 60 keys where they were while two of 30 endpoints are open", () => {
    expect(owners((index) => index === 4 || index === 17)).toBe(few);
  });
});

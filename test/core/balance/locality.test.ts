// Which endpoints are asked first: those of the isolate's zone, and a part of many that other isolates share out among them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fleet } from "../../../core/balance/fleet.ts";
import { ANYWHERE, groupsOf } from "../../../core/balance/locality.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const member = (id: string, zone = "", priority = 0) => ({ id, zone, priority, weight: 1, isDraining: false });
const ids = (members: readonly { id: string }[]) => members.map(({ id }) => id).join("");

describe("groups", () => {
  const members = [member("a", "eu"), member("b", "us"), member("c", "eu"), member("d", "us", 1)];

  it("are the priorities, where zones mean nothing", () => {
    expect(groupsOf(members, ANYWHERE).map((one) => [ids(one.members), one.isSubset])).toEqual([
      ["abc", false],
      ["d", false],
    ]);
  });

  it("begin with the own zone of each priority, where it has any there", () => {
    expect(groupsOf(members, { ...ANYWHERE, zone: "eu" }).map((one) => [ids(one.members), one.isSubset])).toEqual([
      ["ac", true],
      ["abc", false],
      ["d", false],
    ]);
    expect(groupsOf(members, { ...ANYWHERE, zone: "ap" })).toHaveLength(2);
  });

  it("begin with a part of many, the same for the same isolate, and used by about as many isolates each", () => {
    const many = Array.from({ length: 40 }, (_, index) => member(`e${index}`));
    const used = new Map<string, number>();
    for (let seed = 0; seed < 2_000; seed++) {
      const [part, all] = groupsOf(many, { ...ANYWHERE, subset: 8, seed });
      expect([part!.members.length, part!.isSubset, all!.members.length]).toEqual([8, true, 40]);
      for (const { id } of part!.members) used.set(id, (used.get(id) ?? 0) + 1);
    }
    for (const count of used.values()) expect(Math.abs(count - 400)).toBeLessThan(100);
  });

  it("are in the order of their numbers, not of the list or the text", () => {
    const mixed = [member("c", "", 10), member("a", "", 9), member("b", "", 0), member("d", "", 9)];
    expect(groupsOf(mixed, ANYWHERE).map((one) => [ids(one.members), one.isSubset])).toEqual([
      ["b", false],
      ["ad", false],
      ["c", false],
    ]);
    expect(ANYWHERE).toEqual({ zone: undefined, subset: Number.POSITIVE_INFINITY, seed: 0 });
    expect(groupsOf([], ANYWHERE)).toEqual([]);
  });

  it("have no part where all are in the zone or fit into the subset, and each part once", () => {
    const zoned = ["a", "b", "c"].map((id) => member(id, "eu"));
    const shape = (of: typeof zoned, more: object) =>
      groupsOf(of, { ...ANYWHERE, ...more }).map((one) => [one.members.length, one.isSubset]);
    expect(shape(zoned, { zone: "eu" })).toEqual([[3, false]]);
    expect(shape(zoned, { subset: 3 })).toEqual([[3, false]]);
    expect(shape(zoned, { subset: 2 })).toEqual([
      [2, true],
      [3, false],
    ]);
    const mixed = [...zoned, member("x", "us")];
    expect(shape(mixed, { zone: "eu", subset: 2 })).toEqual([
      [2, true],
      [4, false],
    ]); // the part of the zone, and that of all is no larger
    expect(shape(mixed, { zone: "us", subset: 2 })).toEqual([
      [1, true],
      [2, true],
      [4, false],
    ]);
    const withoutZone = zoned.map(({ zone: _, ...rest }) => rest);
    expect(groupsOf(withoutZone, ANYWHERE)).toHaveLength(1);
  });

  it("keep the order of the list in a part", () => {
    const many = Array.from({ length: 12 }, (_, index) => member(`e${index}`));
    for (let seed = 0; seed < 20; seed++) {
      const part = groupsOf(many, { ...ANYWHERE, subset: 5, seed })[0]!.members;
      expect(part).toEqual(many.filter((one) => part.includes(one)));
    }
  });

  it("move by one where an endpoint goes", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(39), (seed, gone) => {
        const many = Array.from({ length: 40 }, (_, index) => member(`e${index}`));
        const part = (of: typeof many) => new Set(groupsOf(of, { ...ANYWHERE, subset: 8, seed })[0]!.members.map(({ id }) => id));
        const [before, after] = [part(many), part(many.filter((_, index) => index !== gone))];
        expect([...before].filter((id) => !after.has(id)).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a fleet in zones", () => {
  const settings = { balancer: "round_robin", maxConcurrent: 500, maxLoadFactor: 1, slowStartMs: 0, breaker: BREAKER } as const;
  const roll = randomStream(1);
  const picked = (fleet: Fleet): string => {
    const found = fleet.pick({ method: 0, key: 0, now: 0, rng: roll, tried: new Set() });
    return found.kind === "picked" ? found.id : found.kind;
  };

  it("stays in its own zone, and spills over when too few there are well", () => {
    const near = ["a", "b", "c"].map((id) => member(id, "eu"));
    const fleet = new Fleet([...near, member("x", "us")], settings);
    fleet.setLocation({ ...ANYWHERE, zone: "eu" }, 0);
    expect(new Set(Array.from({ length: 20 }, () => picked(fleet)))).toEqual(new Set(["a", "b", "c"]));
    fleet.replace([...near.map((one) => ({ ...one, isHealthy: one.id === "a" })), member("x", "us")], 0);
    expect(new Set(Array.from({ length: 20 }, () => picked(fleet)))).toEqual(new Set(["a", "x"]));
  });
});

// The order of groups: priorities, the isolate's zone, and its subset of many endpoints.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANYWHERE, groupsOf } from "../../../core/balance/locality.ts";
import { hash32 } from "../../../core/hash.ts";

const member = (id: string, zone = "", priority = 0) => ({ id, zone, priority, weight: 1, isDraining: false });
const ids = (members: readonly { id: string }[]) => members.map(({ id }) => id).join("");

describe("groups", () => {
  const members = [member("a", "eu"), member("b", "us"), member("c", "eu"), member("d", "us", 1)];

  it("are the priorities, where the isolate has no zone", () => {
    expect(groupsOf(members, ANYWHERE).map((group) => [ids(group.members), group.isSubset])).toEqual([
      ["abc", false],
      ["d", false],
    ]);
  });

  it("begin with the isolate's zone in each priority, where that zone has endpoints", () => {
    expect(groupsOf(members, { ...ANYWHERE, zone: "eu" }).map((group) => [ids(group.members), group.isSubset])).toEqual([
      ["ac", true],
      ["abc", false],
      ["d", false],
    ]);
    expect(groupsOf(members, { ...ANYWHERE, zone: "ap" })).toHaveLength(2);
  });

  it("begin with a subset of many, which is fixed for an isolate and even over isolates", () => {
    const many = Array.from({ length: 40 }, (_, index) => member(`e${index}`));
    const used = new Map<string, number>();
    for (let seed = 0; seed < 2_000; seed++) {
      const [part, all] = groupsOf(many, { ...ANYWHERE, subset: 8, seed });
      expect([part!.members.length, part!.isSubset, all!.members.length]).toEqual([8, true, 40]);
      for (const { id } of part!.members) used.set(id, (used.get(id) ?? 0) + 1);
    }
    for (const count of used.values()) expect(Math.abs(count - 400)).toBeLessThan(100);
  });

  it("are in the numeric order of priorities, not in that of the list or the text", () => {
    const mixed = [member("c", "", 10), member("a", "", 9), member("b", "", 0), member("d", "", 9)];
    expect(groupsOf(mixed, ANYWHERE).map((group) => [ids(group.members), group.isSubset])).toEqual([
      ["b", false],
      ["ad", false],
      ["c", false],
    ]);
    expect(ANYWHERE).toEqual({ zone: undefined, subset: Number.POSITIVE_INFINITY, seed: 0 });
    expect(groupsOf([], ANYWHERE)).toEqual([]);
  });

  it("have no subset where all are in the zone or fit into it, and each subset once", () => {
    const zoned = ["a", "b", "c"].map((id) => member(id, "eu"));
    const shape = (of: typeof zoned, more: object) =>
      groupsOf(of, { ...ANYWHERE, ...more }).map((group) => [group.members.length, group.isSubset]);
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
    ]); // a subset of the zone; that of all is no larger
    expect(shape(mixed, { zone: "us", subset: 2 })).toEqual([
      [1, true],
      [2, true],
      [4, false],
    ]);
    const { zone: _, ...withoutAZone } = member("y");
    expect(groupsOf([...zoned, withoutAZone], ANYWHERE).map((group) => [group.members.length, group.isSubset])).toEqual([[4, false]]);
    const withoutZone = zoned.map(({ zone: _, ...rest }) => rest);
    expect(groupsOf(withoutZone, ANYWHERE)).toHaveLength(1);
  });

  it("decide between ids with the same hash by their text, whatever the order of the list", () => {
    const [first, second] = [member("40nugb57"), member("fkdyqjej")];
    expect(hash32(first.id)).toBe(hash32(second.id));
    for (const list of [
      [first, second],
      [second, first],
    ])
      expect(groupsOf(list, { ...ANYWHERE, subset: 1, seed: 5 })[0]!.members).toEqual([first]);
  });

  it("keep the order of the list in a subset", () => {
    const many = Array.from({ length: 12 }, (_, index) => member(`e${index}`));
    for (let seed = 0; seed < 20; seed++) {
      const part = groupsOf(many, { ...ANYWHERE, subset: 5, seed })[0]!.members;
      expect(part).toEqual(many.filter((endpoint) => part.includes(endpoint)));
    }
  });

  it("change by one endpoint where one leaves", () => {
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

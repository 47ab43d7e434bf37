// The Workers that an identity names, as it is written and read.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actorNames, actorOf, isActor, isWorkerName, MAX_ACTORS } from "../../../../core/auth/identity/actors.ts";

const names = fc.array(fc.string({ minLength: 1, maxLength: 256 }), { maxLength: 40 });

describe("an actor", () => {
  it("has the names it was made of, the latest first, and no more than the bound", () => {
    fc.assert(
      fc.property(names, (list) => {
        const actor = actorOf(list);
        expect(actorNames(actor)).toEqual(list.slice(0, MAX_ACTORS));
        expect(actor === undefined ? list.length === 0 : isActor(JSON.parse(JSON.stringify(actor)))).toBe(true);
      }),
    );
  });

  it("has a member `act` for the Workers before it, and none where there were none", () => {
    expect(actorOf(["b", "a"])).toStrictEqual({ sub: "b", act: { sub: "a" } });
    expect(actorOf([])).toBeUndefined();
  });

  const deep = (levels: number): unknown => (levels === 0 ? { sub: "w" } : { sub: "w", act: deep(levels - 1) });
  it.each([
    ...["text", null, [], {}, { sub: "" }, { sub: 1 }, { sub: "x".repeat(257) }, { sub: "w", iss: "x" }, { sub: "w", act: {} }],
    ...[{ sub: "w", act: null }, deep(MAX_ACTORS)],
  ])("%# is none: %j", (value) => expect(isActor(value)).toBe(false));

  it("may be as deep as the bound", () => expect(isActor(deep(MAX_ACTORS - 1))).toBe(true));
});

it("a name has 1 to 256 characters", () =>
  expect(["w", "x".repeat(256), "", "x".repeat(257), 1, undefined].map(isWorkerName)).toEqual([true, true, false, false, false, false]));

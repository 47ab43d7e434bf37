import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isId, newId } from "../../../workers/services/ids.ts";

const times = fc.integer({ min: 1, max: 2 ** 48 - 1 });

describe("newId", () => {
  it("writes the time as the ULID specification's example does, in lower case", () => {
    expect(newId("usr", 1_469_918_176_385, undefined).slice(0, 14)).toBe("usr_01aryz6s41");
  });

  it("sorts as the times do", () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        fc.pre(a < b);
        expect(newId("usr", a, undefined) < newId("usr", b, undefined)).toBe(true);
      }),
    );
  });

  it("sorts after the previous id, also within one millisecond and when the clock steps back", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2 }), (clock) => {
        let previous: string | undefined;
        for (const now of clock) {
          const id = newId("usr", now, previous);
          expect(id > (previous ?? "")).toBe(true);
          expect(isId("usr", id)).toBe(true);
          previous = id;
        }
      }),
    );
  });

  it("moves the time on when a millisecond has used up its randomness", () => {
    expect(newId("usr", 7, `usr_0000000007${"z".repeat(16)}`)).toBe(`usr_0000000008${"0".repeat(16)}`);
  });

  it("has randomness of its own in each id", () => {
    expect(new Set(Array.from({ length: 100 }, () => newId("usr", 7, undefined))).size).toBe(100);
  });
});

describe("isId", () => {
  it("takes an id of its kind", () => expect(isId("usr", "usr_01arz3ndektsv4rrffq69g5fav")).toBe(true));

  it.each([
    "",
    "usr_",
    "usr_01ARYZ6S41TSV4RRFFQ69G5FAV",
    "usr_81aryz6s41tsv4rrffq69g5fav",
    "usr_01aryz6s41tsv4rrffq69g5fau0",
    "ord_01aryz6s41tsv4rrffq69g5fav",
    "usr_01aryz6s41tsv4rrffq69g5fai",
  ])("refuses %j", (text) => expect(isId("usr", text)).toBe(false));
});

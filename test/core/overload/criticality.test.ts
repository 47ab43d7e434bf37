// The four levels of criticality, and which callers may set them.
import { describe, expect, it } from "vitest";
import { isTrusted, parseRank, rankOf } from "../../../core/overload/criticality.ts";

describe("criticality", () => {
  it("is one of four levels", () => {
    expect(["sheddable", "sheddable_plus", "critical", "critical_plus", "CRITICAL", "", null].map(parseRank)).toEqual([
      0,
      1,
      2,
      3,
      undefined,
      undefined,
      undefined,
    ]);
    expect(rankOf("critical")).toBe(2);
  });

  it("is trusted from no caller, from listed ones, or from all that have a name", () => {
    const names = new Set(["batch"]);
    const trusts = [{ kind: "none" }, { kind: "listed", names }, { kind: "principals" }] as const;
    expect(trusts.map((trust) => ["batch", "eve", "", null].map((name) => isTrusted(trust, name)))).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, false, false],
    ]);
  });
});

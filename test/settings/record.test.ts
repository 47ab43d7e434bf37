// The record of runs of `npm run test:settings`.
import { describe, expect, it } from "vitest";
import stored from "../settings-record.json" with { type: "json" };
import type { Line } from "./lines.ts";
import { isRecorded, type RunRecord, recordWith } from "./record.ts";

const line = (setting: string, test = "one"): Line => ({ setting, file: "a.test.ts", test });
const LINES = [line("a"), line("b"), line("c")];
const noticed = (one: Line) => ({ line: one, outcome: { kind: "noticed", failure: "" } }) as const;

describe("the record", () => {
  it("has the commit of the last run that has shown the effect", () => {
    const first = recordWith({}, LINES, [noticed(line("a")), noticed(line("b"))], "1");
    expect(recordWith(first, LINES, [noticed(line("b")), noticed(line("c"))], "2")).toEqual({
      a: { commit: "1", test: "a.test.ts: one" },
      b: { commit: "2", test: "a.test.ts: one" },
      c: { commit: "2", test: "a.test.ts: one" },
    });
  });

  it("loses a setting whose test does not fail, is another one, or is gone", () => {
    const first = recordWith({}, LINES, LINES.map(noticed), "1");
    expect(
      Object.keys(recordWith(first, [line("a"), line("b", "two")], [{ line: line("a"), outcome: { kind: "not noticed" } }], "2")),
    ).toEqual([]);
    expect([isRecorded(first, line("a")), isRecorded(first, line("a", "two")), isRecorded(first, line("d"))]).toEqual([true, false, false]);
  });

  it("that is stored names a commit and a test for each setting", () => {
    const unknown = Object.entries(stored as RunRecord).filter(
      ([, { commit, test }]) => !/^[0-9a-f]{10}$/.test(commit) || !test.includes(": "),
    );
    expect(unknown).toEqual([]);
  });
});

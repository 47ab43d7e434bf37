// The verdict on memory after many requests.
import { expect, it } from "vitest";
import { memoryVerdict } from "../../bench/memory/verdict.ts";

it.each([
  ["the same all the time", [100, 100, 100, 100], true],
  ["up and down", [100, 120, 95, 110, 105, 108], true],
  ["less than at first", [100, 90, 80, 90, 85, 95], true],
  ["a tenth more", [100, 100, 100, 120, 115, 110], true],
  ["more than a tenth more", [100, 100, 100, 120, 115, 111], false],
  ["growing with each of the last parts", [100, 101, 102, 103, 104, 105], false],
])("memory that is %s: %j", (_, after, isMet) => expect(memoryVerdict(after).isMet).toBe(isMet));

it("says by how much", () =>
  expect(memoryVerdict([200, 210, 205, 250]).text).toBe(
    "after all parts +25.0 % of the memory after the first one, at most +10 %; growing with each of the last 2 parts: missed",
  ));

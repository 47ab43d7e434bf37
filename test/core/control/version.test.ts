// Shares of a canary.
import { expect, it } from "vitest";
import { shareOf, shareProblem } from "../../../core/control/version.ts";

it.each([{ percent: 0.01 }, { percent: 33.33 }, { percent: 100 }, { percent: 0, region: "weur" as const }])("accepts %j", (share) => {
  expect(shareProblem(share)).toBeUndefined();
  expect(shareOf({ ...share, version: 7 } as never)).toEqual(share);
});

it.each([{ percent: 100.01 }, { percent: 0.005 }, { percent: Number.NaN }, { percent: 0 }])("refuses %j", (share) => {
  expect(shareProblem(share)).toContain("write");
});

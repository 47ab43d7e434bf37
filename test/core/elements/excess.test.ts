import { expect, it } from "vitest";
import { describeExcess, MAX_DEPTH } from "../../../core/elements/excess.ts";

it("says of what there is too much, and what to do", () => {
  expect(describeExcess("depth", 7, "maxMessageElements")).toBe(`nests deeper than ${MAX_DEPTH} levels`);
  expect(describeExcess("elements", 7, "maxMessageElements")).toMatch(
    /^has more than 7 elements .*; send fewer, or raise maxMessageElements$/,
  );
});

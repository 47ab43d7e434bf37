import { expect, it } from "vitest";
import { FAILED_OUTCOMES } from "../../../core/retry/attempt-outcome.ts";

it("counts faults, overload and lateness against an endpoint, and nothing else", () => {
  const outcomes = ["responded", "failed", "unavailable", "shed", "redirected", "late", "dropped"];
  expect(outcomes.filter((outcome) => FAILED_OUTCOMES.has(outcome))).toEqual(["failed", "unavailable", "late"]);
});

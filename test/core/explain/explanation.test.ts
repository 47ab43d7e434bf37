// Steps of a walk with what they judge by.
import { expect, it } from "vitest";
import { explainedSteps } from "../../../core/explain/explanation.ts";

it("adds settings to each step, also to those of another upstream", () => {
  const steps = [{ layer: "fallback", isAttempt: false, other: [{ layer: "retry", isAttempt: true }] }];
  const explained = explainedSteps(steps, ({ layer, isAttempt }) => [{ name: layer, value: isAttempt, source: "default" }]);
  expect(explained).toEqual([
    {
      layer: "fallback",
      isAttempt: false,
      settings: [{ name: "fallback", value: false, source: "default" }],
      other: [{ layer: "retry", isAttempt: true, settings: [{ name: "retry", value: true, source: "default" }] }],
    },
  ]);
});

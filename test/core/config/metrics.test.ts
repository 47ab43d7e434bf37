// The settings of the metrics.
import { expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";

function parsed(metrics?: unknown) {
  const outcome = parsePolicy({ services: {}, ...(metrics !== undefined && { metrics }) }, new Map());
  return outcome.kind === "ok" ? outcome.policy.metrics : outcome.problems;
}

it("measure by default, and do not where enabled is false", () => {
  expect(parsed()).toMatchObject({ enabled: true });
  expect(parsed({})).toMatchObject({ enabled: true });
  expect(parsed({ enabled: false })).toMatchObject({ enabled: false });
});

it("say what to write instead of a wrong value", () => {
  expect(parsed({ enabled: "no" })).toMatchObject([{ path: "metrics.enabled", fix: "write true or false" }]);
});

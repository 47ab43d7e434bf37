// What relays and the object of all metrics have to agree on, also across versions.
import { expect, it } from "vitest";
import { TELEMETRY_NAME } from "../../../../core/exchange/metrics/metrics-messages.ts";

it("keeps the name of the object of all metrics: one of another name has no totals", () => {
  expect(TELEMETRY_NAME).toBe("all");
});

import { expect, it } from "vitest";
import { definitionOf, METRICS } from "../../../core/metrics/definitions.ts";
import { SERVICE_METRICS } from "../../../core/metrics/service-definitions.ts";

it("is a part of the one table, with the name of the service first", () => {
  for (const definition of SERVICE_METRICS) {
    expect(definitionOf(definition.name)).toBe(definition);
    expect(definition.labels[0]).toBe("service");
  }
  expect(METRICS.filter(({ name }) => name.startsWith("tidegate_service_"))).toHaveLength(SERVICE_METRICS.length);
});

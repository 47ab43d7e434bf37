// Values of metrics by their labels.
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { metricValue } from "../../../console/src/data/metric-value.ts";
import { GetMetricsResponseSchema } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

const response = create(GetMetricsResponseSchema, {
  metrics: [
    {
      name: "tidegate_buffer_bytes",
      labels: ["state"],
      series: [
        { labelValues: ["held"], value: 10 },
        { labelValues: ["bound"], value: 100 },
      ],
    },
  ],
});

it("adds up the series that have the labels", () => {
  expect(metricValue(response, "tidegate_buffer_bytes")).toBe(110);
  expect(metricValue(response, "tidegate_buffer_bytes", { state: "held" })).toBe(10);
  expect(metricValue(response, "tidegate_buffer_bytes", { other: "held" })).toBe(0);
});

it("tells nothing measured from nothing read", () => {
  expect(metricValue(response, "tidegate_calls")).toBe(0);
  expect(metricValue(undefined, "tidegate_calls")).toBeUndefined();
});

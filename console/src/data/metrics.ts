// All metrics since the counters began, read again and again.
import { type GetMetricsResponse, TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { call } from "./connect.ts";
import { type Live, usePolled } from "./live.ts";

const EVERY_MS = 10_000; // isolates report about as often

export function useMetrics(): Live<GetMetricsResponse> {
  return usePolled("metrics", EVERY_MS, (signal) => call(TelemetryService.method.getMetrics, {}, signal));
}

// TelemetryService: what the gateway has measured, its upstreams, and live calls.
import type { DescMethod } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import type { CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import { TelemetryService } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import type { AdminAccess } from "../../layers/admin-access.ts";
import type { ServedMethod, Upstream } from "../../upstream/upstream.ts";
import { servedToAdmins } from "../served.ts";
import { listUpstreams } from "./list-upstreams.ts";
import { type MetricsSources, metricsMethods } from "./metrics-methods.ts";

export interface TelemetrySettings extends MetricsSources {
  readonly access: AdminAccess;
  readonly pools: ReadonlyMap<string, Upstream>;
  readonly breakers: DurableObjectNamespace<CircuitBreaker> | undefined;
}

/** The methods of TelemetryService. */
export function telemetryMethods({ access, pools, breakers, ...sources }: TelemetrySettings): ReadonlyMap<DescMethod, ServedMethod> {
  const service = { ...metricsMethods(sources), listUpstreams: listUpstreams(pools, breakers) };
  return servedToAdmins("telemetry", createServiceImplSpec<typeof TelemetryService>(TelemetryService, service), access);
}

// TelemetryService: what the gateway has measured, its upstreams, and live calls.
import type { DescMethod } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import type { IsolateTap } from "../../../../core/tap/isolate-tap.ts";
import type { CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import { TelemetryService } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import type { AdminAccess } from "../../layers/admin-access.ts";
import type { ServedMethod, Upstream } from "../../upstream/upstream.ts";
import { servedToAdmins } from "../served.ts";
import { listUpstreams } from "./list-upstreams.ts";
import { type MetricsSources, metricsMethods, type TelemetryObjects } from "./metrics-methods.ts";
import { type TapObjects, tapCalls } from "./tap.ts";

export interface TelemetrySettings extends MetricsSources {
  readonly access: AdminAccess;
  readonly pools: ReadonlyMap<string, Upstream>;
  readonly breakers: DurableObjectNamespace<CircuitBreaker> | undefined;
  readonly tap: IsolateTap;
  readonly objects: (TelemetryObjects & TapObjects) | undefined; // TELEMETRY
}

/** The methods of TelemetryService. */
export function telemetryMethods({
  access,
  pools,
  breakers,
  tap,
  objects,
  reporter,
}: TelemetrySettings): ReadonlyMap<DescMethod, ServedMethod> {
  const service = {
    ...metricsMethods({ objects, reporter }),
    listUpstreams: listUpstreams(pools, breakers),
    tap: tapCalls(tap, objects),
  };
  return servedToAdmins("telemetry", createServiceImplSpec<typeof TelemetryService>(TelemetryService, service), access);
}

// Settings of health checks of endpoints.
import * as v from "valibot";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, type InputOf, setting, whole } from "./setting.ts";

const CHECK_FIX = 'write "grpc", or a path such as "/healthz"';
const path = v.custom<`/${string}`>((value) => typeof value === "string" && /^\/[^\s?#\\]*$/.test(value));

export const HEALTH_SETTINGS = block({
  check: setting(
    v.union([v.literal("grpc"), path], CHECK_FIX),
    "grpc",
    '`"grpc"` for grpc.health.v1, or a path that responds 2xx to GET.',
    { shape: '`"grpc"`, or a path', fix: CHECK_FIX },
  ),
  intervalMs: setting(whole(1_000, 600_000, "ms"), 10_000, "Time between two checks of an endpoint."),
  timeoutMs: setting(whole(100, 60_000, "ms"), 2_000, "Time after which a check has failed."),
  healthyAfter: setting(whole(1, 100, "checks"), 2, "Successful checks in a row after which an endpoint is healthy."),
  unhealthyAfter: setting(whole(1, 100, "checks"), 3, "Failed checks in a row after which an endpoint is unhealthy."),
});

export type HealthInput = InputOf<typeof HEALTH_SETTINGS>;

export interface HealthPolicy {
  readonly kind: "http" | "grpc" | "native_grpc"; // a GET; grpc.health.v1 by Connect; the same by gRPC-Web that the edge converts
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

/** @param protocol the protocol of the upstream */
export function parseHealth(check: Checks, path: string, value: unknown, protocol: string): HealthPolicy | undefined {
  if (value === undefined) return undefined;
  const { check: written, ...policy } = readBlock(check, path, HEALTH_SETTINGS, value);
  if (written !== "grpc") return { kind: "http", path: written, ...policy };
  return { kind: protocol === "grpc" ? "native_grpc" : "grpc", path: "", ...policy };
}

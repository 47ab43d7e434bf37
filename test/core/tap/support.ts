// Events and filters of the live tap, for tests.
import type { TapConditions, TapEventRecord } from "../../../core/tap/tap-messages.ts";

/** Holds for each call. */
export const ALL_CALLS: TapConditions = { route: "", reason: "", code: "", minDurationMs: 0, principal: "", sample: 1 };

export function tapEvent(fields: Partial<TapEventRecord>): TapEventRecord {
  return {
    filters: ["f1"],
    time: 1_790_000_000_000,
    requestId: "3f0c9f0e-5b0d-4a38-9a53-1f2f9f0a1b2c",
    route: "users.v1.UserService/GetUser",
    httpMethod: "POST",
    path: "/users.v1.UserService/GetUser",
    protocol: "connect",
    status: 200,
    code: "ok",
    reason: "",
    durationMs: 12,
    upstreamMs: 10,
    attempts: 1,
    upstream: "users.v1.UserService",
    endpoint: "USERS",
    cache: "",
    region: "local",
    ...fields,
  };
}

// The event of one call for viewers of the live tap: facts of its head and its times, nothing of bodies, credentials, addresses and queries.
import { canonicalPath } from "../../../core/path/canonical-path.ts";
import { MAX_TAP_PATH, MAX_TAP_TEXT, type TapEventRecord } from "../../../core/tap/tap-messages.ts";
import { upstreamMsAt } from "../call/end/call-progress.ts";
import type { Call } from "../call.ts";
import { currentRegion } from "../region/isolate-region.ts";

/** @param filters ids of the filters that the call matches @param status of the response @param now epoch ms of its end */
export function tapEvent(call: Call, filters: readonly string[], status: number, now: number): TapEventRecord {
  const { route, request, receivedAt } = call;
  return {
    filters,
    time: now,
    requestId: call.id,
    route: short(route.name),
    httpMethod: short(request.method),
    path: pathOf(call),
    protocol: protocolOf(call),
    status,
    code: call.code,
    reason: call.reason ?? "",
    durationMs: now - receivedAt,
    upstreamMs: upstreamMsAt(call, now),
    attempts: call.attempts,
    upstream: short(call.upstreamName),
    endpoint: short(call.endpoint),
    cache: call.cacheLevel,
    region: currentRegion(),
  };
}

/** REST paths have values of fields in them: their template stands for them. The query, which may have credentials, is never read. */
function pathOf({ route, request }: Call): string {
  if (route.template !== "") return route.template.slice(0, MAX_TAP_PATH);
  if (route.method !== undefined) return route.path.slice(0, MAX_TAP_PATH);
  const target = canonicalPath(request.url);
  return target.kind === "ok" ? target.path.slice(0, MAX_TAP_PATH) : "";
}

/** `connect`, `grpc_web`, `rest`, or `http` for a route of plain HTTP and for a call without a route. */
export function protocolOf({ protocol, route }: Pick<Call, "protocol" | "route">): string {
  if (protocol.kind === "rest") return route.method === undefined ? "http" : "rest";
  return protocol.kind === "grpc_web" ? "grpc_web" : "connect";
}

function short(text: string): string {
  return text.length > MAX_TAP_TEXT ? text.slice(0, MAX_TAP_TEXT) : text;
}

// The facts of a call that its spans are made of.
import type { SpannedCall } from "../../../core/tracing/call-spans.ts";
import type { Call } from "../call.ts";
import { currentRegion } from "../region/isolate-region.ts";

/** @param status of the response @param now epoch ms of its end */
export function endedCall(call: Call, status: number, now: number): SpannedCall {
  const { route, request, receivedAt, sampling } = call;
  const [, traceId = "", spanId = ""] = (call.outgoing.headers.get("traceparent") ?? "").split("-");
  return {
    traceId,
    spanId,
    parentId: sampling?.parent?.parentId ?? "",
    rpc: rpcOf(call),
    route: route.name,
    template: route.template,
    httpMethod: request.method,
    status,
    code: call.code,
    reason: call.reason ?? "",
    requestId: call.id,
    region: currentRegion(),
    cache: call.cacheLevel,
    upstream: call.upstreamName,
    endpoint: call.endpoint,
    attempts: call.attempts,
    startMs: receivedAt,
    endMs: now,
    sentMs: call.sentMs,
    times: sampling?.times ?? [],
  };
}

/** The system of the conventions for RPC: REST paths are a form of Connect calls here. */
export function rpcOf({ protocol, route }: Pick<Call, "protocol" | "route">): SpannedCall["rpc"] {
  if (route.method === undefined) return "";
  return protocol.kind === "grpc_web" ? "grpc" : "connectrpc";
}

// The spans of one call: one for the whole, and where it was sampled from its beginning, one for what it has waited for and for each attempt.
//
// Names of attributes are those of OpenTelemetry's conventions for RPC and HTTP; what these do not have begins with `tidegate.`.
import type { AttributeValue, CallSpan } from "./span.ts";

/** One attempt at an upstream. Written by the call as it goes on. */
export interface AttemptTimes {
  readonly upstream: string;
  readonly endpoint: string;
  readonly startMs: number; // epoch ms
  endMs: number | undefined; // epoch ms; undefined while it is under way
  hasFailed: boolean;
}

/** What spans are made of. */
export interface SpannedCall {
  readonly traceId: string;
  readonly spanId: string; // the upstream's spans are its children
  readonly parentId: string; // empty where the caller sent none
  readonly rpc: "connectrpc" | "grpc" | ""; // empty for plain HTTP
  readonly route: string; // name of the route; empty where none matched
  readonly template: string; // REST path as its rule has it; empty for others
  readonly httpMethod: string;
  readonly status: number;
  readonly code: string; // `ok`, or a gRPC code in lower case
  readonly reason: string; // empty where the gateway has not made the response
  readonly requestId: string;
  readonly region: string;
  readonly cache: string; // what the cache has served, or empty
  readonly upstream: string; // empty where the call was sent to none
  readonly endpoint: string;
  readonly attempts: number;
  readonly startMs: number; // epoch ms
  readonly endMs: number; // epoch ms
  readonly sentMs: number; // from its start to its first attempt; -1 without one
  readonly times?: readonly AttemptTimes[]; // a call that was not sampled from its beginning has none
}

/** Codes that a server is at fault for. @see OpenTelemetry, Semantic conventions for gRPC, "Server" */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/** Whether a call has failed as its operator sees it: a caller's own mistakes are no failures. */
export function isFault({ rpc, code, status }: Pick<SpannedCall, "rpc" | "code" | "status">): boolean {
  return rpc === "" ? status >= 500 : SERVER_FAULTS.has(code);
}

/** @param newSpanId returns 16 random hexadecimal digits, for spans below the first one */
export function spansOf(call: SpannedCall, newSpanId: () => string): CallSpan[] {
  const { traceId, spanId, parentId, startMs, endMs, reason, sentMs, times = [] } = call;
  const error = isFault(call) ? { error: reason } : undefined;
  const own: CallSpan = {
    traceId,
    spanId,
    parentId,
    name: nameOf(call),
    kind: "server",
    startMs,
    endMs,
    attributes: attributesOf(call),
    ...error,
  };
  const spans = [own];
  const below = (span: Pick<CallSpan, "name" | "kind" | "startMs" | "endMs" | "attributes" | "error">): void => {
    spans.push({ traceId, spanId: newSpanId(), parentId: spanId, ...span });
  };
  if (times.length > 0 && sentMs > 0)
    below({ name: "before the first attempt", kind: "internal", startMs, endMs: startMs + sentMs, attributes: {} });
  for (const [index, { upstream, endpoint, startMs: sentAt, endMs: endedAt, hasFailed }] of times.entries()) {
    const attributes = { "server.address": endpoint, "tidegate.upstream": upstream, "tidegate.attempt": index + 1 };
    const failed = hasFailed ? { error: "" } : undefined;
    below({ name: `attempt ${upstream}`, kind: "client", startMs: sentAt, endMs: endedAt ?? endMs, attributes, ...failed });
  }
  return spans;
}

function nameOf({ rpc, route, httpMethod }: SpannedCall): string {
  if (rpc !== "") return route;
  return route === "" ? httpMethod : `${httpMethod} ${route}`;
}

/** The attributes of the span of the whole call. */
export function attributesOf(call: SpannedCall): Record<string, AttributeValue> {
  const { rpc, route, template, httpMethod, status, code, reason, requestId, region, cache, upstream, endpoint, attempts } = call;
  const attributes: Record<string, AttributeValue> = {
    "http.request.method": httpMethod,
    "http.response.status_code": status,
    "tidegate.request_id": requestId,
    "cloud.region": region,
  };
  const set = (name: string, value: AttributeValue): void => {
    if (value !== "") attributes[name] = value;
  };
  set("http.route", rpc === "" ? route : template);
  set("rpc.system.name", rpc);
  if (rpc !== "") {
    attributes["rpc.method"] = route;
    if (rpc === "grpc") attributes["rpc.response.status_code"] = code.toUpperCase();
    else if (code !== "ok") attributes["rpc.response.status_code"] = code;
  }
  if (isFault(call)) attributes["error.type"] = rpc === "" ? String(status) : code;
  set("tidegate.reason", reason);
  set("tidegate.cache", cache);
  set("tidegate.upstream", upstream);
  set("server.address", endpoint);
  if (attempts > 0) attributes["tidegate.attempts"] = attempts;
  return attributes;
}

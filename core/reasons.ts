// The closed set of reasons for which a response was made by the gateway and not by an upstream. docs/reasons.md explains each of them.

import { type Blame, IDENTITY_REASONS } from "./auth/auth-reason.ts";
import { REASON_HEADER } from "./headers.ts";
import type { InvalidResponseFault } from "./protocol/rpc-response.ts";
import type { DeadlineStage, OverloadLimit, Rejection } from "./rejection.ts";

/** All reasons. */
export const REASONS = {
  // The request cannot be read, or nothing is served for it.
  invalid_request: "caller",
  invalid_message: "caller",
  invalid_path: "caller",
  url_too_long: "caller",
  headers_too_large: "caller",
  unknown_path: "caller",
  unknown_procedure: "caller",
  method_not_allowed: "caller",
  unsupported_content_type: "caller",
  unsupported_encoding: "caller",
  stream_unsupported: "operator",
  body_too_large: "caller",
  inflates_too_much: "caller",
  too_many_elements: "caller",
  body_idle: "caller",
  body_too_slow: "caller",
  caller_gone: "caller",
  loop_detected: "operator",
  // Who calls: what callers read, then what the log and the metrics have.
  unauthenticated: "caller",
  permission_denied: "caller",
  auth_unavailable: "gateway",
  ...IDENTITY_REASONS,
  // Limits, and protection against overload.
  rate_limited: "caller",
  limiter_unavailable: "gateway",
  overload_isolate: "operator",
  overload_route: "operator",
  overload_streams: "operator",
  overload_memory: "operator",
  overload_share: "caller",
  overload_throttle: "upstream",
  overload_upstream: "upstream",
  // Time.
  deadline_on_arrival: "caller",
  deadline_request: "caller",
  deadline_layer: "operator",
  deadline_cache: "upstream",
  deadline_attempt: "upstream",
  deadline_upstream: "upstream",
  deadline_exceeded: "upstream",
  stream_idle: "upstream",
  stream_late: "upstream",
  stream_broken: "upstream",
  // The upstream.
  no_endpoint: "operator",
  endpoints_full: "upstream",
  cache_queue_full: "upstream",
  breaker_open: "upstream",
  upstream_unreachable: "upstream",
  upstream_closed: "upstream",
  upstream_status: "upstream",
  upstream_content_type: "upstream",
  upstream_headers: "upstream",
  upstream_body: "upstream",
  upstream_truncated: "upstream",
  upstream_too_large: "upstream",
  upstream_too_many_elements: "upstream",
  upstream_unencodable: "upstream",
  // Responses in place of that of an upstream, which are no refusals or only by a rule of the cache.
  static_response: "upstream",
  stale_on_error: "upstream",
  only_if_cached: "caller",
  layer_response: "none",
  document: "none",
  preflight: "none",
  // The team's own layers, and faults of the gateway.
  layer_refused: "operator",
  layer_failed: "operator",
  internal: "gateway",
} as const satisfies Readonly<Record<string, Blame>>;

export type Reason = keyof typeof REASONS;

/** The header field that names the reason of a response without a call. */
export function reasonField(reason: Reason): Readonly<Record<string, string>> {
  return { [REASON_HEADER]: reason };
}

const BY_LIMIT = {
  isolate: "overload_isolate",
  route: "overload_route",
  streams: "overload_streams",
  memory: "overload_memory",
  share: "overload_share",
  throttle: "overload_throttle",
  upstream: "overload_upstream",
} as const satisfies Readonly<Record<OverloadLimit, Reason>>;

const BY_STAGE = {
  arrival: "deadline_on_arrival",
  request: "deadline_request",
  layer: "deadline_layer",
  cache: "deadline_cache",
  attempt: "deadline_attempt",
  upstream: "deadline_upstream",
  response: "deadline_exceeded",
} as const satisfies Readonly<Record<DeadlineStage, Reason>>;

const BY_FAULT = {
  status: "upstream_status",
  content_type: "upstream_content_type",
  headers: "upstream_headers",
  body: "upstream_body",
  truncated: "upstream_truncated",
  too_large: "upstream_too_large",
  too_many_elements: "upstream_too_many_elements",
  unencodable: "upstream_unencodable",
} as const satisfies Readonly<Record<InvalidResponseFault, Reason>>;

/** The exact reason, for the log and the metrics. A new rejection fails to compile until it has a reason here, or is one itself. */
export function reasonOf(rejection: Rejection): Reason {
  switch (rejection.kind) {
    case "invalid_request":
      return rejection.violations !== undefined && rejection.violations.length > 0 ? "invalid_message" : "invalid_request";
    case "unauthenticated":
    case "permission_denied":
    case "auth_unavailable":
      return rejection.reason;
    case "body_too_slow":
      return rejection.isIdle ? "body_idle" : "body_too_slow";
    case "overloaded":
      return BY_LIMIT[rejection.limit];
    case "deadline_exceeded":
      return BY_STAGE[rejection.stage];
    case "stream_broken":
      return rejection.isLate ? "stream_late" : "stream_broken";
    case "no_endpoint":
      if (rejection.isCollapsed === true) return "cache_queue_full";
      return rejection.isFull ? "endpoints_full" : "no_endpoint";
    case "upstream_unreachable":
      return rejection.wasSent ? "upstream_closed" : "upstream_unreachable";
    case "upstream_invalid":
      return BY_FAULT[rejection.fault];
    default:
      return rejection.kind;
  }
}

/** The reason as callers read it: of their identity, one for each status, so that no guess learns what was wrong with it. */
export function publicReasonOf(rejection: Rejection): Reason {
  switch (rejection.kind) {
    case "unauthenticated":
    case "permission_denied":
    case "auth_unavailable":
      return rejection.kind;
    default:
      return reasonOf(rejection);
  }
}

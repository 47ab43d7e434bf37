// The closed set of reasons for which a response was made by the gateway and not by an upstream. docs/reasons.md explains each of them.

import type { AuthReason } from "./auth/auth-reason.ts";
import type { InvalidResponseFault } from "./protocol/rpc-response.ts";
import type { DeadlineStage, OverloadLimit, Rejection } from "./rejection.ts";

/** Who can change what the reason names. `none`: nothing is wrong. */
export type Fault = "caller" | "upstream" | "gateway" | "operator" | "none";

/** Reasons that concern who calls. No caller reads them: see `publicReasonOf`. A new `AuthReason` fails to compile until it has a line here. */
const IDENTITY_REASONS = {
  credential_missing: "caller",
  credential_malformed: "caller",
  credential_scheme: "caller",
  two_credentials: "caller",
  too_many_failures: "caller",
  scope_missing: "caller",
  address_denied: "caller",
  address_unknown: "operator",
  expression_false: "caller",
  expression_error: "operator",
  expression_not_boolean: "operator",
  expression_cost: "caller",
  expression_message: "caller",
  signature_malformed: "caller",
  signature_too_large: "caller",
  signature_multiple: "caller",
  signature_component_unsupported: "caller",
  signature_component_repeated: "caller",
  signature_component_missing: "caller",
  signature_component_absent: "caller",
  signature_created_missing: "caller",
  signature_created_future: "caller",
  signature_expired: "caller",
  signature_tag: "caller",
  signature_algorithm: "caller",
  signature_key_missing: "caller",
  signature_key_unknown: "caller",
  signature_agent: "caller",
  signature_invalid: "caller",
  signature_nonce_missing: "caller",
  signature_nonce_repeated: "caller",
  signature_digest_unsupported: "caller",
  signature_digest_mismatch: "caller",
  signature_nonces_unavailable: "gateway",
  signature_keys_unavailable: "operator",
  signature_stream: "caller",
  jwt_malformed: "caller",
  jwt_too_large: "caller",
  jwt_algorithm: "caller",
  jwt_type: "caller",
  jwt_critical_header: "caller",
  jwt_issuer_unknown: "caller",
  jwt_audience: "caller",
  jwt_expired: "caller",
  jwt_not_yet_valid: "caller",
  jwt_claim_missing: "caller",
  jwt_claim_invalid: "caller",
  jwt_key_unknown: "caller",
  jwt_signature: "caller",
  jwt_keys_unavailable: "operator",
  access_audience: "caller",
  access_identity: "caller",
  access_unavailable: "operator",
  certificate_not_verified: "caller",
  certificate_revoked: "caller",
  key_malformed: "caller",
  key_environment: "caller",
  key_tag: "caller",
  key_unknown: "caller",
  key_replaced: "caller",
  key_revoked: "caller",
  key_expired: "caller",
  key_address_denied: "caller",
  keys_unavailable: "gateway",
  admin_origin: "caller",
  admin_credential: "caller",
  admin_other_token: "caller",
  admin_role: "caller",
} as const satisfies Readonly<Record<AuthReason, Fault>>;

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
} as const satisfies Readonly<Record<string, Fault>>;

export type Reason = keyof typeof REASONS;

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

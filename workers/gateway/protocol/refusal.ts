// Maps each rejection to its Connect code, HTTP status and headers.
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { describeExcess } from "../../../core/elements/excess.ts";
import { describeInflation } from "../../../core/protocol/inflation.ts";
import { printable } from "../../../core/protocol/printable.ts";
import type { InvalidResponseCode } from "../../../core/protocol/rpc-response.ts";
import { rateLimitHeaders, wholeSeconds } from "../../../core/rate-limit/ratelimit-headers.ts";
import { publicReasonOf, type Reason } from "../../../core/reasons.ts";
import { type Rejection, recordStackFrames } from "../../../core/rejection.ts";
import type { FieldViolation } from "../../../core/violations/violation-list.ts";
import { BadRequestSchema, RetryInfoSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";

/** A refusal, ready to be written in any protocol. */
export interface Refusal {
  readonly reason: Reason; // the public one: responses name it in the header `tidegate-reason`
  readonly error: ConnectError; // its metadata become headers of the response
  readonly httpStatus?: number; // unary Connect and REST: a status that fits better than that of Connect's table
  readonly isConnectJson?: boolean; // Connect clients read the body under that status, too
  readonly rest?: { readonly status?: number; readonly code?: Code }; // REST only
}

export function toRefusal(rejection: Rejection): Refusal {
  const before = recordStackFrames(0); // the error is written, and never read as one
  try {
    return Object.assign(describe(rejection), { reason: publicReasonOf(rejection) });
  } finally {
    recordStackFrames(before);
  }
}

/**
 * Where Connect's table lacks the HTTP status (405, 415), the code is `unknown`, which clients derive from such a status when they skip the
 * body. The Connect conformance suite requires that.
 *
 * A new rejection fails to compile until it has a line here.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one exhaustive switch over all rejections
function describe(rejection: Rejection): Omit<Refusal, "reason"> {
  switch (rejection.kind) {
    case "invalid_request":
      return { error: badRequest(rejection.message, rejection.violations ?? []) };
    case "invalid_path":
      return { error: new ConnectError(rejection.message, Code.InvalidArgument) };
    case "url_too_long":
      return {
        error: new ConnectError(`url is longer than ${rejection.maxBytes} bytes; use POST`, Code.ResourceExhausted),
        httpStatus: 414,
        isConnectJson: true,
        rest: { code: Code.InvalidArgument },
      };
    case "headers_too_large": {
      const most = `at most ${rejection.maxCount} header fields of ${rejection.maxBytes} bytes together`;
      return {
        error: new ConnectError(`request headers are too large; send ${most}`, Code.ResourceExhausted),
        httpStatus: 431,
        isConnectJson: true,
      };
    }
    case "unknown_path":
      return { error: new ConnectError(`nothing is served at ${printable(rejection.path)}`, Code.NotFound), httpStatus: 404 };
    case "unknown_procedure":
      return {
        error: new ConnectError(`procedure ${printable(rejection.procedure)} is not served here`, Code.Unimplemented),
        httpStatus: 404,
      };
    case "method_not_allowed": {
      const allow = rejection.allow.join(", ");
      const error = new ConnectError(`method ${printable(rejection.method)} is not allowed, use ${allow}`, Code.Unknown, { Allow: allow });
      return { error, httpStatus: 405, rest: { code: Code.Unimplemented } };
    }
    case "unsupported_content_type": {
      const accepted = rejection.accepted.join(", ");
      const found = rejection.found === null ? "a request without content type" : `content type "${printable(rejection.found)}"`;
      const error = new ConnectError(`${found} is not accepted, use ${accepted}`, Code.Unknown, { "Accept-Post": accepted });
      return { error, httpStatus: 415, rest: { code: Code.InvalidArgument } };
    }
    case "unsupported_encoding": {
      const accepted = rejection.accepted.join(", ");
      const found = `content encoding "${printable(rejection.found)}" is not accepted`;
      const error = new ConnectError(`${found}, use ${accepted === "" ? "none" : accepted}`, Code.Unimplemented, {
        [rejection.advertise]: accepted === "" ? "identity" : accepted,
      });
      return { error, rest: { status: 415, code: Code.InvalidArgument } };
    }
    case "body_too_large":
      return {
        error: new ConnectError(`request is larger than ${rejection.maxBytes} bytes`, Code.ResourceExhausted),
        rest: { status: 413 },
      };
    case "inflates_too_much":
      return {
        error: new ConnectError(`request ${describeInflation(rejection.limitBytes, rejection.maxInflation)}`, Code.ResourceExhausted),
        rest: { status: 413 },
      };
    case "too_many_elements":
      return {
        error: new ConnectError(
          `message ${describeExcess("elements", rejection.maxElements, "maxMessageElements")}`,
          Code.ResourceExhausted,
        ),
        rest: { status: 413 },
      };
    case "body_too_slow": {
      const { isIdle, ms } = rejection;
      const problem = isIdle ? `nothing of the request came for ${ms} ms` : `the request was not complete within ${ms} ms`;
      return { error: new ConnectError(problem, Code.DeadlineExceeded), httpStatus: 408, isConnectJson: true };
    }
    case "caller_gone":
      return { error: new ConnectError("the request ended before it was complete", Code.Canceled) };
    case "unauthenticated":
      return { error: unauthenticated(rejection) };
    case "permission_denied": {
      const headers = rejection.challenge === undefined ? {} : { "WWW-Authenticate": rejection.challenge };
      return { error: new ConnectError(rejection.message, Code.PermissionDenied, headers) };
    }
    case "auth_unavailable":
      return { error: retryLater("credentials cannot be checked now", Code.Unavailable, rejection.retryAfterMs) };
    case "loop_detected":
      return { error: new ConnectError(rejection.problem, Code.FailedPrecondition), httpStatus: 508, isConnectJson: true };
    case "layer_refused": {
      const { code: name, message, retryAfterMs } = rejection;
      const code = codeFromString(name) ?? Code.Unknown;
      return { error: retryAfterMs === undefined ? new ConnectError(message, code) : retryLater(message, code, retryAfterMs) };
    }
    case "layer_failed":
      return { error: internalError() };
    case "rate_limited": {
      const error = retryLater(`rate limit "${rejection.rule}" exceeded`, Code.ResourceExhausted, rejection.retryAfterMs);
      for (const [name, value] of rateLimitHeaders(rejection.quotas)) error.metadata.set(name, value);
      return { error };
    }
    case "limiter_unavailable":
      return { error: retryLater(`rate limit "${rejection.rule}" can't be checked`, Code.Unavailable, rejection.retryAfterMs) };
    case "deadline_exceeded":
      return { error: new ConnectError(`no response within ${rejection.timeoutMs} ms`, Code.DeadlineExceeded) };
    case "stream_idle":
      return { error: new ConnectError(`nothing came from the upstream for ${rejection.idleMs} ms`, Code.DeadlineExceeded) };
    case "stream_broken": {
      const code = rejection.isLate ? Code.DeadlineExceeded : Code.Unavailable;
      return { error: new ConnectError(`the stream of the upstream ${rejection.problem}`, code) };
    }
    case "no_endpoint": {
      const why = rejection.isFull ? "has no endpoint that takes more calls" : "has no endpoint";
      return { error: new ConnectError(`upstream ${rejection.upstream} ${why}`, Code.Unavailable) };
    }
    case "overloaded":
      return { error: retryLater(`overloaded (${rejection.point}): ${rejection.reason}`, Code.Unavailable, rejection.retryAfterMs) };
    case "breaker_open":
      return {
        error: retryLater(
          `upstream ${rejection.upstream} is failing and gets no calls for a while`,
          Code.Unavailable,
          rejection.retryAfterMs,
        ),
      };
    case "upstream_unreachable":
      return { error: new ConnectError(`upstream ${rejection.upstream} ${unreachable(rejection.wasSent)}`, Code.Unavailable) };
    case "upstream_invalid": {
      const { pushbackMs = -1 } = rejection;
      const headers = pushbackMs < 0 ? {} : { "Retry-After": String(wholeSeconds(pushbackMs)) };
      const error = new ConnectError(`upstream ${rejection.upstream} ${rejection.problem}`, CODES[rejection.code], headers);
      const httpStatus = rejection.code === "internal" ? 502 : rejection.httpStatus;
      return httpStatus === undefined ? { error } : { error, httpStatus, isConnectJson: true };
    }
  }
}

/** Why a stream ended without a status. */
export const STREAM_LATE: Rejection = { kind: "stream_broken", problem: "was not at its end in time", isLate: true };
export const STREAM_BROKEN: Rejection = { kind: "stream_broken", problem: "broke off", isLate: false };

const CODES: Readonly<Record<InvalidResponseCode, Code>> = {
  internal: Code.Internal,
  unavailable: Code.Unavailable,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  unimplemented: Code.Unimplemented,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
};

function unauthenticated({ message, challenge = "Bearer", retryAfterMs }: Rejection & { readonly kind: "unauthenticated" }): ConnectError {
  const error =
    retryAfterMs === undefined ? new ConnectError(message, Code.Unauthenticated) : retryLater(message, Code.Unauthenticated, retryAfterMs);
  error.metadata.set("WWW-Authenticate", challenge);
  return error;
}

function unreachable(wasSent: boolean): string {
  return wasSent ? "can't be reached, or closed the connection before it responded" : "can't be reached";
}

/** For a fault of the gateway itself. Callers read only that there was one; the log has the error and the request id. */
export function internalRefusal(): Refusal {
  return { error: internalError(), reason: "internal" };
}

function internalError(): ConnectError {
  return new ConnectError("internal error", Code.Internal);
}

function badRequest(message: string, violations: readonly FieldViolation[]): ConnectError {
  if (violations.length === 0) return new ConnectError(message, Code.InvalidArgument);
  const detail = {
    desc: BadRequestSchema,
    value: { fieldViolations: violations.map(({ field, description }) => ({ field, description })) },
  };
  return new ConnectError(message, Code.InvalidArgument, undefined, [detail]);
}

function retryLater(message: string, code: Code, retryAfterMs: number): ConnectError {
  const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1_000_000 };
  const headers = { "Retry-After": String(wholeSeconds(retryAfterMs)) };
  return new ConnectError(message, code, headers, [{ desc: RetryInfoSchema, value: { retryDelay } }]);
}

// The closed set of reasons for which the gateway refuses a call. workers/gateway/protocol/refusal.ts turns each into a response.

import type { AuthReason } from "./auth/auth-reason.ts";
import type { InvalidResponse } from "./protocol/rpc-response.ts";
import type { FieldViolation } from "./violations/violation-list.ts";

/**
 * `caller_gone`: the connection of the caller ended before the response did. `wasSent`: the upstream may have started to work on the call.
 * `point`: the limit that sheds calls, such as `isolate` or `upstream USERS`. `pushbackMs`: time that the upstream wants the caller to
 * wait; below 0, the call must not be repeated. `reason`: why exactly, where callers read less (core/reasons.ts). `isCollapsed`: too many calls
 * wait for the same fetch already.
 */
export type Rejection =
  | { readonly kind: "invalid_request"; readonly message: string; readonly violations?: readonly FieldViolation[] }
  | { readonly kind: "invalid_path"; readonly message: string }
  | { readonly kind: "url_too_long"; readonly maxBytes: number }
  | { readonly kind: "headers_too_large"; readonly maxCount: number; readonly maxBytes: number }
  | { readonly kind: "unknown_path"; readonly path: string }
  | { readonly kind: "unknown_procedure"; readonly procedure: string }
  | { readonly kind: "method_not_allowed"; readonly method: string; readonly allow: readonly string[] }
  | { readonly kind: "unsupported_content_type"; readonly found: string | null; readonly accepted: readonly string[] }
  | {
      readonly kind: "unsupported_encoding";
      readonly found: string;
      readonly accepted: readonly string[];
      readonly advertise: "accept-encoding" | "connect-accept-encoding" | "grpc-accept-encoding"; // response header that lists them
    }
  | { readonly kind: "body_too_large"; readonly maxBytes: number }
  | { readonly kind: "inflates_too_much"; readonly limitBytes: number; readonly maxInflation: number }
  | { readonly kind: "too_many_elements"; readonly maxElements: number }
  | { readonly kind: "body_too_slow"; readonly isIdle: boolean; readonly ms: number } // isIdle: nothing came for `ms`; else, not all within `ms`
  | { readonly kind: "caller_gone" }
  | { readonly kind: "loop_detected"; readonly problem: string }
  | {
      readonly kind: "layer_refused"; // a layer of the team's own has refused the call
      readonly layer: string;
      readonly code: LayerRefusalCode;
      readonly message: string;
      readonly retryAfterMs: number | undefined;
    }
  | { readonly kind: "layer_failed"; readonly layer: string }
  | {
      readonly kind: "unauthenticated";
      readonly reason: AuthReason;
      readonly message: string;
      readonly challenge?: string | undefined; // `WWW-Authenticate`
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly kind: "permission_denied"; readonly reason: AuthReason; readonly message: string; readonly challenge?: string | undefined }
  | { readonly kind: "auth_unavailable"; readonly reason: AuthReason; readonly retryAfterMs: number }
  | { readonly kind: "rate_limited"; readonly rule: string; readonly retryAfterMs: number; readonly quotas: readonly Quota[] }
  | { readonly kind: "limiter_unavailable"; readonly rule: string; readonly retryAfterMs: number }
  | { readonly kind: "deadline_exceeded"; readonly stage: DeadlineStage; readonly timeoutMs: number }
  | { readonly kind: "stream_idle"; readonly idleMs: number }
  | { readonly kind: "stream_broken"; readonly problem: string; readonly isLate: boolean }
  | { readonly kind: "upstream_unreachable"; readonly upstream: string; readonly wasSent: boolean }
  | { readonly kind: "breaker_open"; readonly upstream: string; readonly retryAfterMs: number }
  | {
      readonly kind: "overloaded";
      readonly limit: OverloadLimit;
      readonly point: string;
      readonly reason: string;
      readonly retryAfterMs: number;
    }
  | { readonly kind: "no_endpoint"; readonly upstream: string; readonly isFull: boolean; readonly isCollapsed?: true }
  | ({ readonly kind: "upstream_invalid"; readonly upstream: string; readonly pushbackMs?: number | undefined } & InvalidResponse);

/** Where a call was when its time was up. */
export type DeadlineStage =
  | "arrival" // it came with a timeout of 0
  | "request" // its body was still coming
  | "layer" // in a layer of the team's own
  | "cache" // it waited for the fetch of another call, or the fetch that several calls share took too long
  | "attempt" // the last attempt took longer than `retries.perAttemptMs`
  | "upstream" // the upstream itself responded that it is too late
  | "response"; // anywhere else: nearly always at the upstream

/** The limit that sheds a call. `share`: of one caller in any of the first four. */
export type OverloadLimit = "isolate" | "route" | "streams" | "memory" | "share" | "throttle" | "upstream";

/** Codes by which a layer of the team's own may refuse a call: those of Connect. */
export const LAYER_REFUSAL_CODES = [
  "invalid_argument",
  "unauthenticated",
  "permission_denied",
  "not_found",
  "already_exists",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "unavailable",
] as const;
export type LayerRefusalCode = (typeof LAYER_REFUSAL_CODES)[number];

/** State of one rate-limit rule after a call, for the `RateLimit` header fields. */
export interface Quota {
  readonly rule: string;
  readonly capacity: number; // tokens
  readonly windowMs: number; // time in which an empty bucket fills
  readonly remaining: number; // whole tokens
  readonly nextMs: number; // ms until the bucket has one more token; 0 when it is full
}

/** An extension of V8: undefined elsewhere, and then without effect. */
const errors = Error as { stackTraceLimit?: number | undefined };

/**
 * Sets how many frames of the stack an error records. V8 walks the stack for each error, which takes longer than to decide most refusals.
 *
 * @param frames of errors made from now on @returns how many it was before, to be set again
 */
export function recordStackFrames(frames: number | undefined): number | undefined {
  const before = errors.stackTraceLimit;
  errors.stackTraceLimit = frames;
  return before;
}

/** The error that layers throw to refuse a call. `layers/rescue.ts` turns it into a response. */
export class Rejected extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    const before = recordStackFrames(0); // a refusal is no fault: nobody has to find the line that made it
    super(rejection.kind);
    recordStackFrames(before);
    this.name = "Rejected";
    this.rejection = rejection;
  }
}

/** Whether a layer of the team's own has refused the call, or failed: that says nothing about an upstream. */
export function isOfLayer(error: unknown): boolean {
  return error instanceof Rejected && (error.rejection.kind === "layer_refused" || error.rejection.kind === "layer_failed");
}

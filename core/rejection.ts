// Every reason for which the gateway itself refuses a call. What each becomes on the wire: workers/gateway/protocol/refusal.ts.

import type { InvalidResponse } from "./protocol/rpc-response.ts";

/** One field of the request that is wrong, in the sense of google.rpc.BadRequest. */
export interface FieldViolation {
  readonly field: string; // proto path from the request message, `user.email`
  readonly description: string;
}

export type Rejection =
  | { readonly kind: "invalid_request"; readonly message: string; readonly violations?: readonly FieldViolation[] }
  | { readonly kind: "invalid_path"; readonly message: string }
  | { readonly kind: "url_too_long"; readonly maxBytes: number }
  | { readonly kind: "unknown_path"; readonly path: string }
  | { readonly kind: "unknown_procedure"; readonly procedure: string }
  | { readonly kind: "method_not_allowed"; readonly method: string; readonly allow: readonly string[] }
  | { readonly kind: "unsupported_content_type"; readonly found: string | null; readonly accepted: readonly string[] }
  | {
      readonly kind: "unsupported_encoding";
      readonly found: string;
      readonly accepted: readonly string[];
      readonly advertise: "accept-encoding" | "connect-accept-encoding" | "grpc-accept-encoding"; // header of the response that names them
    }
  | { readonly kind: "body_too_large"; readonly maxBytes: number }
  | { readonly kind: "caller_gone" } // the connection of the caller ended within its request, or before the end of the response
  | { readonly kind: "rate_limited"; readonly rule: string; readonly retryAfterMs: number; readonly quotas: readonly Quota[] }
  | { readonly kind: "limiter_unavailable"; readonly rule: string; readonly retryAfterMs: number }
  | { readonly kind: "deadline_exceeded"; readonly timeoutMs: number }
  | { readonly kind: "stream_idle"; readonly idleMs: number }
  | { readonly kind: "stream_broken"; readonly problem: string; readonly isLate: boolean }
  | { readonly kind: "upstream_unreachable"; readonly upstream: string; readonly wasSent: boolean } // wasSent: it may have begun to work
  | { readonly kind: "breaker_open"; readonly upstream: string; readonly retryAfterMs: number }
  | { readonly kind: "overloaded"; readonly point: string; readonly reason: string; readonly retryAfterMs: number } // point: who sheds
  | { readonly kind: "no_endpoint"; readonly upstream: string; readonly isFull: boolean }
  | ({ readonly kind: "upstream_invalid"; readonly upstream: string; readonly pushbackMs?: number | undefined } & InvalidResponse); // how long it asks to wait; below 0: not again

/** Where one rate-limit rule stands after a call, as the `RateLimit` fields tell it. */
export interface Quota {
  readonly rule: string;
  readonly capacity: number; // tokens
  readonly windowMs: number; // time in which an empty bucket fills
  readonly remaining: number; // whole tokens
  readonly nextMs: number; // until there is one token more; 0 when full
}

/** The one class that layers throw. `rescue` alone catches it. */
export class Rejected extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.kind);
    this.name = "Rejected";
    this.rejection = rejection;
  }
}

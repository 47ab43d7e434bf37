// Why a call is refused for its identity. The caller reads one message per status; the exact reason is for the log.

import type { Rejection } from "../rejection.ts";
import type { AuthReason } from "./auth-reason.ts";

/** `unavailable`: it cannot be decided now. */
export interface AuthFailure {
  readonly kind: "unauthenticated" | "permission_denied" | "unavailable";
  readonly reason: AuthReason;
  readonly scopes?: readonly string[]; // all that the method needs, where one is missing
  readonly retryAfterMs?: number; // after which the same credential may be tried again
}

/** What OAuth clients read in `WWW-Authenticate`; undefined where no issuer is configured. */
export type Challenge = (failure: AuthFailure) => string | undefined;

const RETRY_MS = 1_000; // after `unavailable`: keys are requested again in the background meanwhile

export function unauthenticated(reason: AuthReason): AuthFailure {
  return { kind: "unauthenticated", reason };
}

/** @returns the refusal that the caller gets: it shows nothing of the reason but whether a credential came */
export function rejectionOf(failure: AuthFailure, challenge: Challenge): Rejection {
  const { reason } = failure;
  switch (failure.kind) {
    case "unauthenticated":
      return {
        kind: "unauthenticated",
        reason,
        message: "valid credentials are required",
        challenge: challenge(failure),
        retryAfterMs: failure.retryAfterMs,
      };
    case "permission_denied":
      return { kind: "permission_denied", reason, message: "the caller may not do this", challenge: challenge(failure) };
    case "unavailable":
      return { kind: "auth_unavailable", reason, retryAfterMs: failure.retryAfterMs ?? RETRY_MS };
  }
}

// Why a call is refused for its identity. The caller reads one message per status; the exact reason is for the log.

import type { Rejection } from "../rejection.ts";
import type { AddressFault } from "./address-lists.ts";
import type { ExpressionFault } from "./expression.ts";
import type { SignatureFault } from "./signature/signature-fault.ts";

/** What is wrong with a credential, or what it lacks. A new kind of credential adds its reasons here. */
export type AuthReason =
  // any credential
  | "credential_missing"
  | "credential_malformed" // an `Authorization` that no configured kind of credential can read
  | "credential_scheme" // an `Authorization` of another scheme than Bearer
  | "two_credentials"
  | "too_many_failures" // the address has too many of them: nothing was verified
  | "scope_missing"
  | AddressFault
  | ExpressionFault
  | SignatureFault
  // JWT
  | "jwt_malformed"
  | "jwt_too_large"
  | "jwt_algorithm"
  | "jwt_type"
  | "jwt_critical_header"
  | "jwt_issuer_unknown"
  | "jwt_audience"
  | "jwt_expired"
  | "jwt_not_yet_valid"
  | "jwt_claim_missing"
  | "jwt_claim_invalid"
  | "jwt_key_unknown"
  | "jwt_signature"
  | "jwt_keys_unavailable"
  // Cloudflare Access, TLS certificates
  | "access_audience"
  | "access_identity"
  | "access_unavailable"
  | "certificate_not_verified"
  | "certificate_revoked"
  // API keys
  | "key_malformed"
  | "key_environment" // the key is for another environment
  | "key_tag" // made up, or signed by a secret that is no longer configured
  | "key_unknown"
  | "key_replaced" // the overlap after a roll is over
  | "key_revoked"
  | "key_expired"
  | "key_address_denied"
  | "keys_unavailable";

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
  switch (failure.kind) {
    case "unauthenticated":
      return {
        kind: "unauthenticated",
        message: "valid credentials are required",
        challenge: challenge(failure),
        retryAfterMs: failure.retryAfterMs,
      };
    case "permission_denied":
      return { kind: "permission_denied", message: "the caller may not do this", challenge: challenge(failure) };
    case "unavailable":
      return { kind: "auth_unavailable", retryAfterMs: failure.retryAfterMs ?? RETRY_MS };
  }
}

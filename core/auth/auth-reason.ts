// Why a call is refused for its identity, exactly. No caller reads more of it than one reason per status: see core/reasons.ts.

import type { AddressFault } from "./address-lists.ts";
import type { ExpressionFault } from "./expression.ts";
import type { SignatureFault } from "./signature/signature-fault.ts";

/** Who can change what a reason names; `none` where nothing is wrong. */
export type Blame = "caller" | "upstream" | "gateway" | "operator" | "none";

/** What is wrong with a credential, or what it lacks. A new kind of credential adds its reasons here. */
export const IDENTITY_REASONS = {
  // any credential
  credential_missing: "caller",
  credential_malformed: "caller", // an `Authorization` that no configured kind of credential can read
  credential_scheme: "caller", // an `Authorization` of another scheme than Bearer
  two_credentials: "caller",
  too_many_failures: "caller", // the address has too many of them: nothing was verified
  scope_missing: "caller",
  // addresses
  address_denied: "caller",
  address_unknown: "operator",
  // authorization expressions
  expression_false: "caller",
  expression_error: "operator",
  expression_not_boolean: "operator",
  expression_cost: "caller",
  expression_message: "caller",
  // HTTP message signatures
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
  // JWT
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
  // Cloudflare Access, TLS certificates
  access_audience: "caller",
  access_identity: "caller",
  access_unavailable: "operator",
  certificate_not_verified: "caller",
  certificate_revoked: "caller",
  // API keys
  key_malformed: "caller",
  key_environment: "caller", // the key is for another environment
  key_tag: "caller", // made up, or signed by a secret that is no longer configured
  key_unknown: "caller",
  key_replaced: "caller", // the overlap after a roll is over
  key_revoked: "caller",
  key_expired: "caller",
  key_address_denied: "caller",
  keys_unavailable: "gateway",
  // admin services
  admin_origin: "caller", // called by a web page of another origin
  admin_credential: "caller", // no credential of an operator, or a wrong one
  admin_other_token: "caller", // the token of another admin service
  admin_role: "caller", // the role of the caller is not enough
} as const satisfies Readonly<Record<string, Blame>> & Readonly<Record<AddressFault | ExpressionFault | SignatureFault, Blame>>;

export type AuthReason = keyof typeof IDENTITY_REASONS;

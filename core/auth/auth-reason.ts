// Why a call is refused for its identity, exactly. No caller reads more of it than one reason per status: see core/reasons.ts.

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
  | "keys_unavailable"
  // admin services
  | "admin_origin" // called by a web page of another origin
  | "admin_credential" // no credential of an operator, or a wrong one
  | "admin_other_token" // the token of another admin service
  | "admin_role"; // the role of the caller is not enough

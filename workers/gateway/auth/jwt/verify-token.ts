// Verifies a JWT against the issuers of the configuration. Nothing that the token says chooses what is allowed.
import { errors, jwtVerify } from "jose";
import type { AuthReason } from "../../../../core/auth/auth-reason.ts";
import type { Claims } from "../../../../core/auth/jwt/claims.ts";
import type { Principal } from "../../../../core/auth/principal.ts";
import { unauthenticated } from "../../../../core/auth/refusal.ts";
import { type IssuerPolicy, typeName } from "../../../../core/config/auth/issuers.ts";
import { isFailure, type Proof } from "../authenticator.ts";
import type { IssuerKeys, KeySet } from "./key-set.ts";
import { MAX_TOKEN_BYTES, readToken, type TokenParts } from "./read-token.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

/** An issuer with its keys. */
export interface TokenIssuer {
  readonly policy: IssuerPolicy;
  readonly keys: IssuerKeys;
  readonly principalOf: (claims: Claims, issuer: string) => Principal | AuthReason;
}

export type TokenIssuers = ReadonlyMap<string, TokenIssuer>; // keyed by `iss`

const MAX_KID = 256; // characters
const UNAVAILABLE = { kind: "unavailable", reason: "jwt_keys_unavailable" } as const;

/**
 * @param now        epoch ms
 * @param deadlineAt epoch ms: a call waits no longer for keys that are not known
 * @returns what cannot be true of any token of the configured issuers at once, without a signature; never rejects
 */
export function verifyToken(
  token: string,
  issuers: TokenIssuers,
  verified: VerifiedTokens,
  now: number,
  deadlineAt: number,
): Proof | Promise<Proof> {
  if (token.length > MAX_TOKEN_BYTES) return unauthenticated("jwt_too_large");
  const parts = readToken(token);
  if (parts === undefined) return unauthenticated("jwt_malformed");
  const { iss } = parts.payload;
  const issuer = typeof iss === "string" ? issuers.get(iss) : undefined;
  if (issuer === undefined) return unauthenticated(iss === undefined ? "jwt_claim_missing" : "jwt_issuer_unknown");
  const reason = headerProblem(parts, issuer.policy) ?? claimProblem(parts, issuer.policy, now);
  if (reason !== undefined) return unauthenticated(reason);
  return prove(token, parts.header["kid"] as string | undefined, issuer, verified, now, deadlineAt);
}

function headerProblem({ header }: TokenParts, { algorithms, types }: IssuerPolicy): AuthReason | undefined {
  const { alg, typ, kid } = header;
  if (typeof alg !== "string" || !algorithms.includes(alg)) return "jwt_algorithm";
  if (typ !== undefined && typeof typ !== "string") return "jwt_malformed";
  if (!types.includes(typ === undefined ? "none" : typeName(typ))) return "jwt_type";
  if (header["crit"] !== undefined || header["b64"] !== undefined) return "jwt_critical_header";
  if (kid !== undefined && (typeof kid !== "string" || kid === "" || kid.length > MAX_KID)) return "jwt_key_unknown";
  return undefined;
}

/** What the payload says against the token. A token that was changed is refused here or for its signature. */
function claimProblem({ payload }: TokenParts, { audiences, skewSeconds }: IssuerPolicy, now: number): AuthReason | undefined {
  const { exp, nbf, iat, aud } = payload;
  const seconds = now / 1_000;
  if (exp === undefined || aud === undefined) return "jwt_claim_missing";
  if ([exp, nbf, iat].some((time) => time !== undefined && !isTime(time))) return "jwt_claim_invalid";
  if ((exp as number) <= seconds - skewSeconds) return "jwt_expired";
  if (Math.max(Number(nbf ?? 0), Number(iat ?? 0)) > seconds + skewSeconds) return "jwt_not_yet_valid";
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((one) => typeof one === "string" && audiences.includes(one)) ? undefined : "jwt_audience";
}

/** @see RFC 7519, section 2, NumericDate */
function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < 1e12;
}

async function prove(
  token: string,
  kid: string | undefined,
  issuer: TokenIssuer,
  verified: VerifiedTokens,
  now: number,
  deadlineAt: number,
): Promise<Proof> {
  let keySet = issuer.keys.current(now);
  if (keySet?.has(kid) !== true) {
    await issuer.keys.request(keySet === undefined ? undefined : kid, now, deadlineAt);
    keySet = issuer.keys.current(now);
  }
  if (keySet === undefined) return UNAVAILABLE;
  if (!keySet.has(kid)) return unauthenticated("jwt_key_unknown");
  const proof = await signed(token, issuer, keySet, now);
  if (!isFailure(proof)) verified.add(token, proof, issuer.keys, kid, keySet);
  return proof;
}

async function signed(token: string, { policy, principalOf }: TokenIssuer, keySet: KeySet, now: number): Promise<Proof> {
  try {
    const { payload } = await jwtVerify(token, keySet.resolve, {
      algorithms: [...policy.algorithms],
      issuer: policy.issuer,
      audience: [...policy.audiences],
      requiredClaims: ["exp", "aud", "iss"],
      clockTolerance: policy.skewSeconds,
      currentDate: new Date(now),
    });
    const principal = principalOf(payload, policy.issuer);
    return typeof principal === "string" ? unauthenticated(principal) : principal;
  } catch (error) {
    return unauthenticated(reasonOf(error));
  }
}

/** What is left to go wrong after the checks above. */
function reasonOf(error: unknown): AuthReason {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return "jwt_key_unknown";
  if (error instanceof errors.JWTExpired) return "jwt_expired";
  if (error instanceof errors.JWTClaimValidationFailed) return "jwt_claim_invalid";
  return "jwt_signature";
}

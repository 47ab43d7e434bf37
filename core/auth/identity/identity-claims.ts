// What a gateway or a Worker states to a service about the caller of one call, and how a service checks it.
import { type Actor, actorNames, isActor } from "./actors.ts";

/** Kinds of principals (`core/auth/principal.ts`), and a caller without a credential. */
const KINDS: readonly string[] = ["user", "key", "agent", "service", "certificate", "anonymous"];

/** Longest validity of a token, seconds. */
export const MAX_LIFETIME_SECONDS = 60;
/** Most that the clocks of the gateway and of a service may differ, seconds. */
export const MAX_SKEW_SECONDS = 30;
/** Longest value of the header, characters. A longer one is not read. */
export const MAX_IDENTITY_LENGTH = 16_384;
const MAX_SCOPES = 256;
const MAX_TEXT = 2_048; // characters of one claim

/** @see RFC 7519, section 4.1 for `iss`, `aud`, `sub`, `iat` and `exp` */
export interface IdentityClaims {
  readonly iss: string; // name of the gateway, or of the Worker that signs
  readonly aud: string; // full name of the called service; the prefix of a plain HTTP route
  readonly kind: string; // one of `KINDS`
  readonly sub?: string; // id of the principal; not there for "anonymous"
  readonly scopes?: readonly string[]; // not there where the principal has none
  readonly issuer?: string; // the caller's own token has it
  readonly subject?: string; // `sub` of the caller's own token
  readonly owner?: string; // the caller's API key has it
  readonly plan?: string; // the caller's API key has it
  readonly claims?: Readonly<Record<string, unknown>>; // verified claims of the caller's own token that the configuration forwards
  readonly act?: Actor; // the Worker that makes the call; not there for calls of the gateway itself
  readonly iat: number; // epoch s
  readonly exp: number; // epoch s
}

/** The fields of a principal that a service learns. */
interface IdentifiedCaller {
  readonly kind: string;
  readonly id: string;
  readonly scopes: readonly string[];
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly owner?: string | undefined;
  readonly plan?: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly expiresAt: number; // epoch ms
}

/**
 * The claims about a caller.
 *
 * @param caller    undefined for one without a credential
 * @param issuer    name of the gateway
 * @param audience  full name of the called service
 * @param forwarded names of the caller's verified claims that the service gets
 * @param now       epoch ms; the claims hold for `MAX_LIFETIME_SECONDS`, and no longer than the caller's credential
 */
export function identityClaims(
  caller: IdentifiedCaller | undefined,
  issuer: string,
  audience: string,
  forwarded: readonly string[],
  now: number,
): IdentityClaims {
  const iat = Math.floor(now / 1_000);
  const end = iat + MAX_LIFETIME_SECONDS;
  const base = { iss: issuer, aud: audience };
  if (caller === undefined) return { ...base, kind: "anonymous", iat, exp: end };
  const { kind, id: sub, scopes, owner, plan, subject, expiresAt } = caller;
  const claims = Object.fromEntries(
    forwarded.filter((name) => Object.hasOwn(caller.claims, name)).map((name) => [name, caller.claims[name]]),
  );
  return {
    ...base,
    kind,
    sub,
    ...(scopes.length > 0 && { scopes }),
    ...(caller.issuer !== undefined && { issuer: caller.issuer }),
    ...(subject !== undefined && { subject }),
    ...(owner !== undefined && { owner }),
    ...(plan !== undefined && { plan }),
    ...(Object.keys(claims).length > 0 && { claims }),
    iat,
    exp: Math.min(end, Math.floor(expiresAt / 1_000)),
  };
}

/** @param value parsed JSON @returns undefined where it has not the form of such claims */
export function readIdentityClaims(value: unknown): IdentityClaims | undefined {
  if (!isRecord(value)) return undefined;
  const { iss, aud, kind, sub, scopes, claims, act, iat, exp, ...rest } = value;
  if (!isText(iss) || !isText(aud) || typeof kind !== "string" || !KINDS.includes(kind)) return undefined;
  if (kind === "anonymous" ? sub !== undefined : !isText(sub)) return undefined;
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.length <= MAX_SCOPES && scopes.every(isText))) return undefined;
  if (claims !== undefined && !isRecord(claims)) return undefined;
  if (act !== undefined && !isActor(act)) return undefined;
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return undefined;
  if (["issuer", "subject", "owner", "plan"].some((name) => rest[name] !== undefined && !isText(rest[name]))) return undefined;
  return value as unknown as IdentityClaims; // each field has been checked
}

/** Why a service refuses claims. The caller learns none of it. */
export type IdentityProblem =
  | "identity_missing"
  | "identity_malformed"
  | "identity_unsigned"
  | "identity_algorithm"
  | "identity_key_unknown"
  | "identity_signature"
  | "identity_issuer"
  | "identity_audience"
  | "identity_actor"
  | "identity_lifetime"
  | "identity_expired"
  | "identity_not_yet_valid"
  | "identity_keys_unavailable";

/** What a service expects of the claims of one signer. */
export interface IdentityRules {
  readonly issuer: string; // name of the signer
  readonly audience: readonly string[]; // names under which the service is called
  readonly isWorker: boolean; // the signer is a Worker, which names itself in `act`; a gateway names nobody there
}

/**
 * Checks what a signature has proven to come from a signer.
 *
 * @param now epoch ms
 * @returns undefined where the claims hold
 */
export function identityProblem(
  { iss, aud, act, iat, exp }: IdentityClaims,
  { issuer, audience, isWorker }: IdentityRules,
  now: number,
): IdentityProblem | undefined {
  if (iss !== issuer) return "identity_issuer";
  if (!audience.includes(aud)) return "identity_audience";
  if (actorNames(act)[0] !== (isWorker ? issuer : undefined)) return "identity_actor";
  if (exp - iat > MAX_LIFETIME_SECONDS) return "identity_lifetime";
  if (now >= (exp + MAX_SKEW_SECONDS) * 1_000) return "identity_expired";
  if (now < (iat - MAX_SKEW_SECONDS) * 1_000) return "identity_not_yet_valid";
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_TEXT;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
